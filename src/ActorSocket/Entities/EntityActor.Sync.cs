using ActorSocket.Diagnostics;
using ActorSocket.Sessions;
using Akka.Actor;
using Akka.Event;

namespace ActorSocket.Entities;

/// <summary>What the entity shows to clients, between what it runs.</summary>
internal sealed partial class EntityActor
{
    private Action? _tellSyncDue;
    private bool _isSyncSet; // somebody will say when

    private sealed class SyncDue : ILocalMessage, IDeadLetterSuppression { public static readonly SyncDue Instance = new(); }

    private IAlarms Alarms => SchedulerAlarms.Or(_entities.TickAlarms, Context.System);

    private void Show()
    {
        if (_context.Sync is not { } sync)
            return;
        TimeSpan? next;
        try
        {
            next = sync.Flush(Alarms.Now, _context.IsRetired);
        }
        catch (Exception error) // the application's, or its converter's: tried again when something has run
        {
            _server.Log.HandlerFailed(error, kind.Type);
            return;
        }
        if (next is not { } due || _isSyncSet)
            return;
        _isSyncSet = true;
        if (_tellSyncDue is null)
        {
            var self = Self;
            _tellSyncDue = () => self.Tell(SyncDue.Instance, ActorRefs.NoSender);
        }
        Alarms.Set(due, _tellSyncDue);
    }

    private void OnSyncDue()
    {
        _isSyncSet = false;
        if (!_isBusy && !_isMoving && _stage == Stage.Living)
            Show();
    }
}
