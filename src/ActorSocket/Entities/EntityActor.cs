using System.Text.Json;
using Akka.Actor;
using Akka.Cluster.Sharding;
using ActorSocket.Clustering;
using ActorSocket.Diagnostics;
using ActorSocket.Hosting;
using ActorSocket.Protocol.SocketIo;
using ActorSocket.Sessions;
using ActorSocket.Sockets;
using Microsoft.Extensions.DependencyInjection;
using static ActorSocket.Clustering.ClusterProtocol;

namespace ActorSocket.Entities;

/// <summary>
/// One entity: runs its start, its calls and its ticks one at a time, in order. Its parent is a shard, or an <see cref="EntityParent"/> where there is no cluster; both take
/// <see cref="Passivate"/>, and send <see cref="HandOffDue"/> when it is to move.
/// </summary>
internal sealed class EntityActor : UntypedActor, IWithTimers
{
    private const int MaxWaiting = 1024;

    private readonly EntityKind _kind;
    private readonly AsyncServiceScope _scope;
    private readonly RoomEntity _entity;
    private readonly EntityContext _context;
    private readonly Queue<(CallEntity Call, IActorRef Sender)> _waiting = new();
    private bool _isBusy = true;
    private bool _isLeaving;
    private IActorRef? _handOffTo;

    public EntityActor(EntityKind kind, string id)
    {
        _kind = kind;
        _context = new EntityContext(id, kind.Namespace);
        _scope = kind.Namespace.Services.Server.Provider.CreateAsyncScope();
        _entity = kind.Create(_scope.ServiceProvider);
        _entity.Context = _context;
    }

    public ITimerScheduler Timers { get; set; } = null!;

    /// <summary>The entity moves to another node: hand its state over and stop.</summary>
    internal sealed class HandOffDue : ILocalMessage { public static readonly HandOffDue Instance = new(); }

    private sealed class TickDue : ILocalMessage { public static readonly TickDue Instance = new(); }

    private sealed record Done(Exception? Error) : ILocalMessage;

    private sealed class HandedOver : ILocalMessage { public static readonly HandedOver Instance = new(); }

    public static Props Props(EntityKind kind, string id) => Akka.Actor.Props.CreateBy(new Producer(kind, id));

    protected override void PreStart()
    {
        _kind.Namespace.Services.Server.Metrics.EntityStarted(_kind.Type);
        var handedOver = _kind.Namespace.Services.Server.HandedOver.Take(_kind.Type, _context.Id);
        Run(() => _entity.OnStartedAsync(handedOver is null ? null : JsonElement.Parse(handedOver)));
        if (_entity.TickInterval > TimeSpan.Zero)
            Timers.StartPeriodicTimer(nameof(TickDue), TickDue.Instance, _entity.TickInterval);
    }

    protected override void PostStop()
    {
        _kind.Namespace.Services.Server.Metrics.EntityStopped(_kind.Type);
        _ = DisposeAsync(_entity, _scope);
    }

    protected override void OnReceive(object message)
    {
        switch (message)
        {
            case CallEntity m when _isLeaving: Context.Parent.Tell(Packed.Of(m), Sender); break; // for the one after us
            case CallEntity m: OnCall(m); break;
            case TickDue when !_isBusy && !_isLeaving: Run(_entity.OnTick); break;
            case TickDue: break;
            case Done m: OnDone(m.Error); break;
            case HandOffDue:
                _handOffTo = Sender;
                _isLeaving = true;
                if (!_isBusy)
                    HandOver();
                break;
            case HandedOver: Context.Stop(Self); break;
            default: Unhandled(message); break;
        }
    }

    private void OnCall(CallEntity call)
    {
        if (!_isBusy)
            Start(call, Sender);
        else if (_waiting.Count < MaxWaiting)
            _waiting.Enqueue((call, Sender));
        else
            Answer(call, Sender, [], "The entity is asked too much: 1024 calls are waiting.");
    }

    private void Start(CallEntity call, IActorRef sender)
    {
        if (!_kind.Methods.TryGetValue(call.Method, out var method))
        {
            Answer(call, sender, [], $"A \"{_kind.Type}\" has no method \"{call.Method}\".");
            RunNext();
            return;
        }
        var (entity, ns) = (_entity, _kind.Namespace.Services);
        Run(async () =>
        {
            var result = new Result(ns.Server.Json);
            try
            {
                var packet = new SocketIoPacket(SocketIoPacketType.Event, ns.Name, -1, call.Method, ns.Server.Json.FromJsonArray(call.Arguments), call.Arguments.Length);
                await method.InvokeAsync(entity, new HandlerCall(null, packet, result)).ConfigureAwait(false);
                Answer(call, sender, result.Json, "");
            }
            catch (Exception error)
            {
                Answer(call, sender, [], error.Message.Length == 0 ? error.GetType().Name : error.Message);
                throw;
            }
        });
    }

    private void Run(Func<Task> work)
    {
        _isBusy = true;
        _ = RunAsync(work, Self);
    }

    private static async Task RunAsync(Func<Task> work, IActorRef self)
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
        self.Tell(new Done(failure));
    }

    private void OnDone(Exception? error)
    {
        _isBusy = false;
        if (error is not null)
            _kind.Namespace.Services.Server.Log.HandlerFailed(error, _kind.Type);
        RunNext();
    }

    private void RunNext()
    {
        if (_isLeaving)
        {
            while (_waiting.TryDequeue(out var next))
                Context.Parent.Tell(Packed.Of(next.Call), next.Sender);
            HandOver();
        }
        else if (_waiting.TryDequeue(out var next))
        {
            Start(next.Call, next.Sender);
        }
        else if (_context.IsRetired)
        {
            _isLeaving = true;
            Context.Parent.Tell(new Passivate(PoisonPill.Instance));
        }
    }

    /// <summary>Nobody knows where the shard goes, so every other node gets it; who does not start the entity soon forgets it.</summary>
    private void HandOver()
    {
        if (_handOffTo is null)
            return; // it retires
        Timers.CancelAll();
        var server = _kind.Namespace.Services.Server;
        if (server.Cluster is not { } cluster || StateOf(server) is not { } json)
        {
            Context.Stop(Self);
            return;
        }
        server.HandedOver.Put(_kind.Type, _context.Id, json); // the shard may come back to this very node
        _ = cluster.Requests
            .AskAsync<EntityStateTaken>(cluster.Peers.All, request => new EntityState(request, _kind.Type, _context.Id, json), TimeSpan.FromSeconds(2), default)
            .PipeTo(Self, success: static _ => HandedOver.Instance, failure: static _ => HandedOver.Instance);
    }

    /// <summary>An entity that cannot say what it has starts anew, elsewhere: if it failed here, its shard would start it here, in the middle of the move.</summary>
    private byte[]? StateOf(ServerServices server)
    {
        try
        {
            return !_context.IsRetired && _entity.HandOver() is { } state ? JsonSerializer.SerializeToUtf8Bytes(state, state.GetType(), server.Json.Options) : null;
        }
        catch (Exception error)
        {
            server.Log.HandlerFailed(error, _kind.Type);
            return null;
        }
    }

    private static void Answer(CallEntity call, IActorRef sender, byte[] result, string error)
    {
        if (call.WantsAnswer)
            sender.Tell(new EntityAnswered(result, error));
    }

    private static async Task DisposeAsync(RoomEntity entity, AsyncServiceScope scope)
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

/// <summary>The parent of a kind's entities where there is no cluster.</summary>
internal sealed class EntityParent(EntityKind kind) : UntypedActor
{
    // As a shard would: an entity that fails starts anew, with its next call.
    private static readonly OneForOneStrategy StopTheEntity = new(static _ => Directive.Stop);

    private readonly Dictionary<string, IActorRef> _entities = new(StringComparer.Ordinal);

    public static Props Props(EntityKind kind) => Akka.Actor.Props.Create(() => new EntityParent(kind));

    protected override SupervisorStrategy SupervisorStrategy() => StopTheEntity;

    protected override void OnReceive(object message)
    {
        switch (message)
        {
            case Packed m: OnReceive(m.Unpack()); break;
            case CallEntity m:
                if (!_entities.TryGetValue(m.Id, out var entity))
                {
                    entity = Context.ActorOf(EntityActor.Props(kind, m.Id));
                    Context.Watch(entity);
                    _entities.Add(m.Id, entity);
                }
                entity.Forward(m);
                break;
            case Passivate m:
                Forget(Sender);
                Sender.Tell(m.StopMessage);
                break;
            case Terminated m: Forget(m.ActorRef); break;
            default: Unhandled(message); break;
        }
    }

    private void Forget(IActorRef entity)
    {
        foreach (var (id, known) in _entities)
        {
            if (!known.Equals(entity))
                continue;
            _entities.Remove(id);
            return;
        }
    }
}
