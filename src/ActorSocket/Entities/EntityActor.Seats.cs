using Akka.Actor;

namespace ActorSocket.Entities;

/// <summary>What becomes of the entity's seats, in its turn.</summary>
internal sealed partial class EntityActor
{
    private Dictionary<string, SocketPresence>? _seen; // of each socket the newest word

    private void OnSocketSeen(SocketSeen m)
    {
        (_seen ??= new Dictionary<string, SocketPresence>(StringComparer.Ordinal))[m.SocketId] = m.Presence;
        if (!_isBusy && !_isMoving && _stage == Stage.Living)
            RunNext();
    }

    /// <summary>The next word on a socket that matters.</summary>
    private SocketSeen? TakeSeen()
    {
        while (_seen is { Count: > 0 })
        {
            var (socketId, presence) = _seen.First();
            _seen.Remove(socketId);
            if (_context.Seats?.Concerns(socketId) == true)
                return new SocketSeen(socketId, presence);
        }
        return null;
    }

    private void RunSeen(SocketSeen seen)
    {
        var seats = _context.Seats!;
        Run(() => seats.SeeAsync(seen.SocketId, seen.Presence));
    }

    /// <summary>It retires: who sits in it leaves first.</summary>
    private void RunEndOfSeats() => Run(_context.Seats!.EndAllAsync);

    /// <summary>At once, and with the state: a client that was given a seat has it after a crash, too. Nobody waits for it.</summary>
    private void SaveSeats()
    {
        if (_context is { Saves: { } saves, IsDeleted: false })
            _ = RunAsync(saves.SaveAsync, Self, static error => new Saved(error));
    }
}
