using ActorSocket.Diagnostics;
using ActorSocket.Recovery;

namespace ActorSocket.Entities;

/// <summary>
/// The room of those who have a seat: their sockets join it before anybody is told, and leave it with their seat. While it matters what
/// becomes of a socket, the nodes are asked to say so (<see cref="ISocketWatcher"/>).
/// </summary>
internal sealed class SeatRoom(EntityContext context, SeatTable table)
{
    // Sockets that have lost their seat while they were lost, and until when they may be recovered, into the room too: for all equally
    // long, so the oldest is over first.
    private readonly AgeOrder<string, DateTimeOffset> _former = new(StringComparer.Ordinal);
    private Task? _clearing;

    public string Name { get; } = context.RoomName();

    /// <summary>When the next of those who had a seat need not be looked for any more.</summary>
    public DateTimeOffset? FirstDue => _former.TryPeek(out _, out var until) ? until : null;

    /// <summary>The entity lives from now on.</summary>
    public void Begin()
    {
        ClearOnce();
        foreach (var seat in table.All)
        {
            if (seat.SocketId.Length > 0)
                Watch(seat.SocketId);
        }
    }

    public async Task JoinAsync(string socketId, CancellationToken cancellationToken)
    {
        ClearOnce();
        if (_clearing is { IsCompleted: false } clearing) // it would turn out who joins now
            await clearing.WaitAsync(cancellationToken).ConfigureAwait(false);
        await context.Namespace.In(socketId).SocketsJoinAsync(Name, cancellationToken).ConfigureAwait(false);
    }

    /// <summary>One that is recovered has the rooms that were known of it, which may be those of a moment before it sat here.</summary>
    public async Task JoinAgainAsync(string socketId)
    {
        try
        {
            await JoinAsync(socketId, CancellationToken.None).ConfigureAwait(false);
        }
        catch (Exception error)
        {
            context.Namespace.Services.Server.Log.SeatNotInRoom(error, context.Type);
        }
    }

    /// <summary>It is in the room, and has a seat.</summary>
    public void Keep(string socketId)
    {
        _former.Remove(socketId, out _);
        Watch(socketId);
    }

    /// <summary>A seat has another socket, or its own again.</summary>
    public void Exchange(string before, string socketId)
    {
        if (before != socketId)
        {
            if (before.Length > 0)
            {
                _ = LetGoAsync(before, CancellationToken.None); // its node may have crashed, and is not waited for
                Forget(before);
            }
            _former.Remove(socketId, out _);
        }
        Watch(socketId); // also the same: nobody may have said yet that it is back, and then it would not be told when it goes again
    }

    /// <summary>It has no seat any more.</summary>
    public Task LetGoAsync(string socketId, CancellationToken cancellationToken)
    {
        Unwatch(socketId);
        return TryAsync(context.Namespace.In(socketId).SocketsLeaveAsync(Name, cancellationToken));
    }

    /// <summary>It has joined the room, or may, and has no seat after all. Not waited for: its node may be what has failed.</summary>
    public void LetGoIfWithoutSeat(string socketId)
    {
        if (table.OfSocket(socketId) is not null)
            return;
        _ = LetGoAsync(socketId, CancellationToken.None);
        Forget(socketId);
    }

    /// <summary>A lost socket has no seat any more; should it be recovered, it is to leave the room.</summary>
    public void Forget(string socketId)
    {
        if (context.Namespace.Services.Recovery is not { } recovery || _former.Count >= table.Most)
        {
            Unwatch(socketId);
            return;
        }
        _former.Put(socketId, context.Namespace.Services.Server.Time.GetUtcNow() + recovery.Options.MaxDisconnectionDuration);
        Watch(socketId);
        table.Touch(); // there is something to come
    }

    /// <summary>Whether it had a seat, and may come back into the room.</summary>
    public bool HasFormer(string socketId) => _former.TryGet(socketId, out _);

    /// <summary>Whether it was one of those.</summary>
    public bool RemoveFormer(string socketId) => _former.Remove(socketId, out _);

    /// <summary>Those that cannot come back any more are not looked for.</summary>
    public void Expire(DateTimeOffset now)
    {
        while (_former.TryPeek(out var socketId, out var until) && until <= now)
        {
            _former.Remove(socketId, out _);
            Unwatch(socketId);
        }
    }

    public void Unwatch(string socketId) => context.Watcher.Unwatch(socketId, context.Actor);

    /// <summary>A node that does not answer has most likely gone, and its sockets with it: that fails nobody.</summary>
    public async Task TryAsync(ValueTask change)
    {
        try
        {
            await change.ConfigureAwait(false);
        }
        catch (Exception error) when (error is not OperationCanceledException)
        {
            context.Namespace.Services.Server.Log.SeatNotCleared(error, context.Type);
        }
    }

    private void Watch(string socketId) => context.Watcher.Watch(context.Namespace.Name, socketId, context.Actor);

    /// <summary>After a crash: who had a seat that was not saved is still in the room.</summary>
    private void ClearOnce()
    {
        if (context.HasLostBefore)
        {
            _clearing ??= TryAsync(
                context.Namespace.In(Name).Except(table.All.Select(static seat => seat.SocketId).Where(static id => id.Length > 0))
                    .SocketsLeaveAsync(Name)
            );
        }
    }
}
