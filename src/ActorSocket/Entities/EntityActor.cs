using System.Text.Json;
using ActorSocket.Diagnostics;
using ActorSocket.Protocol.SocketIo;
using ActorSocket.Sessions;
using ActorSocket.Sockets;
using Akka.Actor;
using Microsoft.Extensions.DependencyInjection;

namespace ActorSocket.Entities;

/// <summary>
/// One entity: asks what there was before, and runs its start, its calls and its ticks one at a time, in order. Its parent is a shard, or
/// an <see cref="EntityParent"/> where there is no cluster: see <see cref="IEntityPlacement"/>.
/// </summary>
internal sealed partial class EntityActor(EntityKind kind, string id) : UntypedActor, IWithTimers
{
    private const int MaxWaiting = 1024;
    private const int MaxErrorLength = 2000;

    /// <summary>Beyond the limit of entities so many may ask whether they have lived before, which lets them in.</summary>
    private const int MaxAsking = 1024;

    private readonly ServerServices _server = kind.Namespace.Services.Server;
    private readonly EntityServices _entities = kind.Namespace.Services.Server.Entities;
    private readonly EntityContext _context = new(id, kind);
    private readonly Queue<(EntityCall Call, IActorRef Sender)> _waiting = new();
    private AsyncServiceScope? _scope;
    private RoomEntity? _entity;
    private EntityHistory? _history;
    private TimeSpan _interval;
    private Tick? _tick;
    private long _lastTick;
    private long _lastCall;
    private TimeSpan? _tickDue; // one that came while a call ran
    private Stage _stage;
    private bool _isBusy = true;
    private bool _isTicking;
    private bool _isWoken;
    private bool _isMoving; // its shard goes: to another node, or with this one
    private bool _isRegistered; // others know that it lives here
    private bool _isLeaving; // it only waits until they know that it does not

    public ITimerScheduler Timers { get; set; } = null!;

    private enum Stage { Querying, Starting, Registering, Living, Ending }

    private EntityKey Key => new(kind.Type, id);

    private IEntityMemory Memory => _entities.Memory;

    /// <summary>The entity has retired, and its parent keeps what comes for the one after it: stop.</summary>
    private sealed class EndDue : ILocalMessage { public static readonly EndDue Instance = new(); }

    private sealed class IdleDue : ILocalMessage { public static readonly IdleDue Instance = new(); }

    private sealed record Done(Exception? Error) : ILocalMessage;

    public static Props Props(EntityKind kind, string id) => Akka.Actor.Props.CreateBy(new Producer(kind, id));

    protected override void PreStart()
    {
        _context.Actor = Self;
        kind.Started();
        _server.Metrics.EntityStarted(kind.Type);
        if (kind.Count <= (long)kind.Options.MaxEntities + MaxAsking)
            Memory.QueryHistory(Key, Self);
        else
            _history = EntityHistory.OfNothing(Key);
    }

    protected override void PostStop()
    {
        kind.Stopped();
        _server.Metrics.EntityStopped(kind.Type);
        _tick?.Stop();
        _context.Saves?.End();
        if (_context.Seats is not null)
            _context.Watcher.UnwatchAll(Self);
        Unlist(isMoving: false);
        if (_isRegistered)
            Memory.HandOver(Key, null, ActorRefs.Nobody); // it failed, or its shard did not wait for it
        if (_scope is { } scope)
            _ = DisposeAsync(_entity, scope);
    }

    protected override void OnReceive(object message)
    {
        switch (message)
        {
            case EntityCall m when _isMoving || _stage == Stage.Ending: SendOn(m, Sender); break;
            case EntityCall m:
                OnCall(m);
                Begin();
                break;
            case Tick m: OnTick(m.Take()); break;
            case Done m: OnDone(m.Error); break;
            case EntityWake m when _stage == Stage.Living && !_isMoving: Memory.AnswerWake(Key, m.Waker); break;
            case EntityWake: // it starts already, or the next one will reach the one after us
                _isWoken = true;
                Begin();
                break;
            case EntityHistory m:
                _history = m;
                Begin();
                break;
            case Loaded m when _stage == Stage.Querying: OnLoaded(m); break;
            case EntityRemembered: OnRemembered(); break;
            case TimerDue when _stage == Stage.Living && !_isMoving: OnTimerDue(); break;
            case SocketSeen m: OnSocketSeen(m); break;
            case SyncDue: OnSyncDue(); break;
            case SaveDue when _stage == Stage.Living && !_isMoving: OnSaveDue(); break;
            case Saved m: OnSaved(m.Error); break;
            case Kept m when _isKeeping: OnKept(m.Error); break;
            case RetireDue when _stage == Stage.Living && !_isMoving: OnRetireDue(); break;
            case Loaded or TimerDue or SaveDue or RetireDue or Kept: break;
            case ListingDue:
                _isListingSet = false;
                if (_stage == Stage.Living && !_isMoving && !_isBusy && _context.IsListingChanged)
                    PublishListing();
                break;
            case IdleDue when _stage == Stage.Living && !_isMoving: OnIdleDue(); break;
            case IdleDue: break;
            case EntityMoves: OnMoves(); break;
            case EndDue: OnEndDue(); break;
            default: Unhandled(message); break;
        }
    }

    // ---- Its life

    private void OnCall(EntityCall call)
    {
        if (kind.Options.IdleTimeout is not null)
            _lastCall = _server.Time.GetTimestamp();
        if (!_isBusy)
            Call(call, Sender);
        else if (_waiting.Count < MaxWaiting)
            _waiting.Enqueue((call, Sender));
        else
            Fail(kind, call, Sender, $"The entity is asked too much: {MaxWaiting} calls are waiting.", "too many are waiting for it");
    }

    private void Call(EntityCall call, IActorRef sender)
    {
        if (!kind.Methods.TryGetValue(call.Method, out var method))
        {
            Fail(kind, call, sender, $"A \"{kind.Type}\" has no method \"{call.Method}\".", "it has no method of that name");
            RunNext();
            return;
        }
        if (call.Method is not (RoomEntity.ReserveMethod or RoomEntity.JoinMethod))
            _context.IsForSeats = false;
        var (entity, ns) = (_entity!, kind.Namespace.Services);
        Run(async () =>
        {
            var result = new Result(ns.Server.Json);
            using var activity = ActorSocketActivity.IsOn ? ActorSocketActivity.StartServe(kind.Type, call.Method, call.Trace) : null;
            try
            {
                var packet = new SocketIoPacket(
                    SocketIoPacketType.Event,
                    ns.Name,
                    -1,
                    call.Method,
                    ns.Server.Json.FromJsonArray(call.Arguments),
                    call.Arguments.Length
                );
                await method.InvokeAsync(entity, new HandlerCall(null, packet, result)).ConfigureAwait(false);
                if (result.Json.Length <= _entities.MaxBytes)
                    Answer(call, sender, result.Json, "");
                else
                    Answer(
                        call,
                        sender,
                        [],
                        $"What \"{call.Method}\" returned has {result.Json.Length} bytes; an entity's result has at most "
                        + $"{_entities.MaxBytes}."
                    );
            }
            catch (Exception error) when (call.WantsAnswer && method.CodeOf(error) is { } code) // declared
            {
                Refuse(call, sender, new EventException(TextOf(error), (error as EventException)?.Data) { Code = code });
            }
            // Not the entity's fault; where nobody is told of it, the log is.
            catch (Exception error) when (call.WantsAnswer && ErrorAnswers.RefusalOf(error) is { } refusal)
            {
                activity?.Failed(error, refusal.Code ?? nameof(EventException));
                Refuse(call, sender, refusal);
            }
            catch (Exception error)
            {
                activity?.Failed(error, refusal: null);
                Answer(call, sender, [], TextOf(error));
                throw;
            }
        });
    }

    private void Refuse(EntityCall call, IActorRef sender, EventException refusal)
    {
        byte[] data = [];
        try
        {
            if (refusal.Data is { } own)
                data = _server.Json.ToJsonArray(new ArgumentList([own]));
        }
        catch (Exception unreadable) // the application's object, or its converter
        {
            _server.Log.ErrorDataFailed(unreadable, kind.Type);
        }
        if (data.Length <= _entities.MaxBytes)
            sender.Tell(new EntityAnswer(data, Shorten(TextOf(refusal)), IsRefusal: true, refusal.Code ?? ""));
        else
            Answer(
                call,
                sender,
                [],
                $"The data of what \"{call.Method}\" threw has {data.Length} bytes; an entity's has at most {_entities.MaxBytes}."
            );
    }

    private void OnTick(TimeSpan due)
    {
        if (_isMoving || _stage != Stage.Living)
            return;
        if (!_isBusy)
            RunTick();
        else if (!_isTicking)
            _tickDue = due;
    }

    private void RunTick()
    {
        var now = _server.Time.GetTimestamp();
        var (entity, elapsed) = (_entity!, _server.Time.GetElapsedTime(_lastTick, now));
        _lastTick = now;
        _isTicking = true;
        Run(() => entity.OnTickAsync(elapsed));
    }

    private void Run(Func<Task> work)
    {
        _isBusy = true;
        if (_stage == Stage.Living)
        {
            SaveLater();
            _context.Sync?.Touch();
        }
        _ = RunAsync(work, Self, static error => new Done(error));
    }

    /// <summary>The actor is told of the end; null for a good one.</summary>
    private static async Task RunAsync(Func<Task> work, IActorRef self, Func<Exception?, object> end)
    {
        Exception? failure = null;
        try
        {
            await work().ConfigureAwait(false);
        }
        catch (Exception error)
        {
            failure = error;
        }
        self.Tell(end(failure));
    }

    private void OnDone(Exception? error)
    {
        _isTicking = false;
        if (error is not null)
            _server.Log.HandlerFailed(error, kind.Type);
        if (_stage == Stage.Starting)
        {
            if (error is null)
                OnStarted();
            else
                FailStart("The entity cannot start: " + TextOf(error));
            return;
        }
        _isBusy = false;
        RunNext();
    }

    private void RunNext()
    {
        var due = _tickDue;
        _tickDue = null;
        if (_isMoving)
        {
            if (_stage == Stage.Living && _context is { IsRetired: true, HasSeats: true } && !_isKept)
                RunEndOfSeats();
            else
                HandOver();
            return;
        }
        if (_context.TakeSeatsChanged())
            SaveSeats();
        if (_isSaveDue)
            Save();
        if (_context.IsListingChanged)
            PublishListing();
        Show();
        if (_context.AreTimersChanged)
            SetTimer();
        if (due is { } at && _tick!.IsFresh(at))
            RunTick();
        else if (_isTimerDue)
            RunTimer();
        else if (TakeSeen() is { } seen)
            RunSeen(seen);
        else if (_context.IsDeleted && !_isRetiringLater) // what waits is for the one after this
            EndRetired();
        else if (_waiting.TryDequeue(out var next))
            Call(next.Call, next.Sender);
        else if (_context.IsRetired)
            EndRetired();
        else if (_context.IsUnwanted)
            Discard();
    }

    // ---- Its end

    private void OnIdleDue()
    {
        var left = kind.Options.IdleTimeout!.Value - _server.Time.GetElapsedTime(_lastCall);
        if (left > TimeSpan.Zero || _context.HasSeats)
        {
            Timers.StartSingleTimer(
                nameof(IdleDue),
                IdleDue.Instance,
                left > TimeSpan.Zero ? left : kind.Options.IdleTimeout.Value
            );
            return;
        }
        _context.Retire();
        if (!_isBusy)
            RunNext();
    }

    /// <summary>
    /// First the parent is told, which keeps for the one after this what comes from now on; a shard that goes has no ear for it.
    /// </summary>
    private void End()
    {
        _stage = Stage.Ending;
        _tick?.Stop();
        _context.Saves?.End();
        Unlist(isMoving: false);
        if (_isMoving)
        {
            OnEndDue();
            return;
        }
        Context.Parent.Tell(_entities.Placement!.Passivation(EndDue.Instance)); // first: what is sent on then waits for the one after this
        while (_waiting.TryDequeue(out var next))
            SendOn(next.Call, next.Sender);
    }

    private void OnEndDue()
    {
        if (_isLeaving)
            return;
        _isLeaving = true;
        if (TakeRegistered())
            Memory.Ended(Key, Self);
        else
            Context.Stop(Self);
    }

    private void OnMoves()
    {
        _isMoving = true;
        _tick?.Stop();
        if (_stage == Stage.Ending)
            OnEndDue();
        else if (_stage == Stage.Querying)
            HandOver();
        else if (!_isBusy)
            RunNext();
        else if (_isKeeping)
            LimitKeeping(); // it retires, and began to when nobody waited for that
    }

    /// <summary>For the one after this, wherever that is.</summary>
    private void SendOn(EntityCall call, IActorRef sender) =>
        (_entities.RegionOf(kind.Type) ?? Context.Parent).Tell(call, sender);

    private void HandOver()
    {
        while (_waiting.TryDequeue(out var next))
            SendOn(next.Call, next.Sender);
        if (_stage == Stage.Living && !_isKept && _context.Saves is not null)
        {
            Keep();
            return;
        }
        _stage = Stage.Ending;
        _isLeaving = true;
        _context.Saves?.End();
        Unlist(isMoving: !_context.IsRetired);
        if (!TakeRegistered())
            Context.Stop(Self);
        else if (_context.IsRetired && !_hasKeepFailed)
            Memory.Ended(Key, Self);
        else
            Memory.HandOver(Key, StateOf(), Self);
    }

    /// <summary>Whether others know of it: they are told of its end, the last it says, and it stops once that is noted.</summary>
    private bool TakeRegistered()
    {
        var isRegistered = _isRegistered;
        _isRegistered = false;
        return isRegistered;
    }

    /// <summary>
    /// An entity that cannot say what it has starts anew, elsewhere: if it failed here, its shard would start it here, in the middle of the
    /// move.
    /// </summary>
    private byte[]? StateOf()
    {
        try
        {
            if (_context.Saves is { } saves)
                return saves.WriteHandOver();
            byte[] state = _entity!.HandOver() is { } own
                ? JsonSerializer.SerializeToUtf8Bytes(own, own.GetType(), _server.Json.Options)
                : [];
            var seats = _context.SeatsToKeep(isHandOver: true);
            return _context.Timers.Count == 0 && seats is null
                ? state
                : KeptState.Write(version: 1, number: 0, isSaved: false, _context.Timers, seats, state, isHandOver: true);
        }
        catch (Exception error)
        {
            _server.Log.HandlerFailed(error, kind.Type);
            return null;
        }
    }

    internal static void Answer(EntityCall call, IActorRef sender, byte[] result, string error)
    {
        if (call.WantsAnswer)
            sender.Tell(new EntityAnswer(result, Shorten(error)));
    }

    /// <summary>It is not carried out: who waits for it is told why, and where nobody does, the log is.</summary>
    /// <param name="kind">Of which class.</param>
    /// <param name="call">The call.</param>
    /// <param name="sender">Who waits for it.</param>
    /// <param name="error">What is answered.</param>
    /// <param name="reason">What is logged: nothing of what a client, or a store, has said.</param>
    internal static void Fail(EntityKind kind, EntityCall call, IActorRef sender, string error, string reason)
    {
        if (call.WantsAnswer)
            Answer(call, sender, [], error);
        else
            kind.Namespace.Services.Server.Log.EntityCallLost(kind.Type, reason);
    }

    private static string TextOf(Exception error) => error.Message.Length == 0 ? error.GetType().Name : error.Message;

    private static string Shorten(string error) => error.Length <= MaxErrorLength ? error : error[..MaxErrorLength] + "…";

    private static async Task DisposeAsync(RoomEntity? entity, AsyncServiceScope scope)
    {
        if (entity is IAsyncDisposable asynchronous)
            await asynchronous.DisposeAsync().ConfigureAwait(false);
        else if (entity is IDisposable disposable)
            disposable.Dispose();
        await scope.DisposeAsync().ConfigureAwait(false);
    }

    /// <summary>What the method returns: the first answer counts.</summary>
    private sealed class Result(SocketJson json) : IAnswerSink
    {
        public byte[] Json { get; private set; } = [];

        public bool IsWanted => Json.Length == 0;

        public void Answer<TArgs>(in TArgs args)
            where TArgs : struct, IEventArguments
        {
            if (IsWanted)
                Json = json.ToJsonArray(args);
        }
    }

    private sealed class Producer(EntityKind kind, string id) : IIndirectActorProducer
    {
        public Type ActorType => typeof(EntityActor);

        public ActorBase Produce() => new EntityActor(kind, id);

        public void Release(ActorBase actor)
        {
        }
    }
}
