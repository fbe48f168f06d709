using ActorSocket.Sessions;
using Microsoft.Extensions.DependencyInjection;

namespace ActorSocket.Entities;

internal sealed partial class EntityActor
{
    /// <summary>Once it is known what there was, and who wants it.</summary>
    private void Begin()
    {
        if (_stage != Stage.Querying || _isMoving || _isLoading || _history is not { } history || (_waiting.Count == 0 && !_isWoken))
            return;
        if (history.Error is { } error)
            FailStart($"The entity cannot start: {error}.");
        else if (history.Origin == EntityOrigin.New && _waiting.All(static one => IsForOneThatIsThere(one.Call)))
            DeclineStart(history);
        else if (history.Origin == EntityOrigin.New && kind.Count > kind.Options.MaxEntities)
            FailStart(
                $"There are {kind.Options.MaxEntities} entities of class \"{kind.Type}\" on this node already, which is MaxEntities."
            );
        else if (kind.IsStateful && history.Origin != EntityOrigin.HandedOver && !_isLoaded)
            Load();
        else
            Start(history);
    }

    private static bool IsForOneThatIsThere(EntityCall call) => call.Method is RoomEntity.JoinMethod or RoomEntity.ReleaseMethod;

    /// <summary>
    /// Only woken, by a node that was not told of the end of the one before; or called by somebody who takes it to be there still.
    /// </summary>
    private void DeclineStart(EntityHistory history)
    {
        while (_waiting.TryDequeue(out var waiting))
        {
            if (waiting.Call.WantsAnswer)
                Refuse(waiting.Call, waiting.Sender, RoomEntity.NotListed());
        }
        Memory.StartDeclined(history);
        End();
    }

    private void Start(EntityHistory history)
    {
        _stage = Stage.Starting;
        try
        {
            var scope = _server.Provider.CreateAsyncScope();
            _scope = scope;
            _entity = kind.Create(scope.ServiceProvider);
            _entity.Context = _context;
            _context.Generation = history.Generation;
            var (origin, kept) = Found(history);
            _context.IsForSeats = origin == EntityOrigin.New
                && _waiting.All(static one => one.Call.Method is RoomEntity.ReserveMethod or RoomEntity.JoinMethod);
            _context.HasLostBefore = origin is EntityOrigin.Lost or EntityOrigin.Restored;
            foreach (var timer in kept?.Timers ?? [])
                _context.PutTimer(timer);
            if (kept?.Seats is { } seats)
                _context.SeatsOf(_entity, seats);
            if (_entity is IStatefulEntity stateful)
                StartState(stateful, kept, history.Generation);
            _stored = null; // it has become the entity's
            var (entity, generation) = (_entity, history.Generation);
            var start = new EntityStart(origin, kept?.State, _server.Json.Options);
            Run(async () =>
            {
                await entity.OnStartedAsync(start).ConfigureAwait(false);
                // read by the actor once it is told that this is done
                _interval = Tick.Check(entity.TickInterval, nameof(entity.TickInterval));
                _context.StartSync(entity, generation);
            });
        }
        catch (Exception error)
        {
            OnDone(error);
        }
    }

    /// <summary>What it goes on with, and whose that is.</summary>
    private (EntityOrigin Origin, KeptState? State) Found(EntityHistory history)
    {
        if (history is not { Origin: EntityOrigin.HandedOver, Found.State: var bytes })
            return _stored is null ? (history.Origin, null) : (EntityOrigin.Restored, KeptState.Read(_stored.Bytes));
        if (bytes.Length == 0)
            return (EntityOrigin.HandedOver, null);
        return (EntityOrigin.HandedOver, KeptState.ReadHandOver(bytes) ?? KeptState.OfPlain(bytes));
    }

    /// <summary>
    /// Others are told before anything is answered: what was answered by an entity that then is lost is known to be lost.
    /// </summary>
    private void OnStarted()
    {
        _stage = Stage.Registering;
        _isRegistered = true;
        Memory.Register(_history!, Self);
    }

    private void OnRemembered()
    {
        if (_stage == Stage.Ending)
        {
            Context.Stop(Self);
            return;
        }
        _stage = Stage.Living;
        _isBusy = false;
        _lastTick = _lastCall = _server.Time.GetTimestamp();
        if (_interval > TimeSpan.Zero && !_isMoving)
            _tick = Tick.Start(Alarms, Self, _interval);
        if (kind.Options.IdleTimeout is { } idle)
            Timers.StartSingleTimer(nameof(IdleDue), IdleDue.Instance, idle);
        _context.Seats?.Begin();
        SaveLater(); // what its start has changed, or what was handed over unsaved
        RunNext();
    }

    /// <summary>Who waits is told why; what others keep stays there. The next call, or the next waking, tries again.</summary>
    private void FailStart(string reason)
    {
        while (_waiting.TryDequeue(out var waiting))
            Fail(kind, waiting.Call, waiting.Sender, reason, "it could not start");
        End();
    }
}
