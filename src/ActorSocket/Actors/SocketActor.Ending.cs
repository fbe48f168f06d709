using ActorSocket.Connections;
using ActorSocket.Diagnostics;
using ActorSocket.Protocol.SocketIo;
using ActorSocket.Recovery;
using ActorSocket.Sockets;
using Akka.Actor;
using static ActorSocket.Sockets.SocketProtocol;

namespace ActorSocket.Actors;

// How a socket ends: who leaves, what is still handled, and in which order the application is told. (A crash:
// NamespaceActor.OnSocketCrashed.)
internal sealed partial class SocketActor
{
    private void FailAcks(DisconnectReason reason)
    {
        foreach (var sink in _acks.TakeAll())
        {
            _connection.Backlog.AnswerSettled();
            sink.Failed(_socket, new SocketDisconnectedException(reason));
        }
    }

    private void DropWaiting(DisconnectReason reason)
    {
        if (_waiting is not { Count: > 0 })
            return;
        ns.Server.Metrics.EventsDropped(ns.MetricsName, _waiting.Count, reason);
        while (_waiting.TryDequeue(out var packet))
            _connection.Backlog.Completed(packet.HeldBytes);
    }

    /// <summary>What was told to this actor and it will not come to: the places of that in the connection's queue are free.</summary>
    private void GiveBackUnread()
    {
        if (_socket?.StopReading() is ( > 0 and var packets, var bytes))
            _connection.Backlog.Completed(bytes, packets);
    }

    /// <summary>The server lets its client go: what still waits is not handled, since the decision may be about just that.</summary>
    private void OnDisconnect(Disconnect m)
    {
        if (_connected && _ended is null)
        {
            if (_left is not null)
            {
                EndLeft();
            }
            else
            {
                var isJoined = _connection.Namespaces.LeftByServer(Self);
                if (isJoined && m.Scope != DisconnectScope.Connection) // whose goodbye is its session's
                    _connection.Outbound.Append(new EncodedFrame(ns.Server.Packets.Disconnect(ns.Name)));
                End(DisconnectReason.ServerNamespaceDisconnect, null);
            }
        }
        if (_connected && !_isLeaving)
            return; // the socket's end answers, once the handlers of `disconnecting` are done
        m.Done?.TrySetResult();
    }

    /// <summary>
    /// The client is gone, in whichever way. What it sent before is handled first, in order, as it is where handlers do not wait for each
    /// other; but not for ever (docs/adr/0003).
    /// </summary>
    private void OnLeft(DisconnectReason reason, string? description)
    {
        if (_ended is not null || _left is not null)
            return;
        if (!_connected) // the middleware still runs; what it says does not matter any more
        {
            _ended = reason;
            _socket.RestoredFrom?.GiveBack();
            NotLetIn(isReplaced: false);
            return;
        }
        if (ReferenceEquals(reason, DisconnectReason.ServerNamespaceDisconnect))
        {
            End(reason, description);
            return;
        }
        _left = reason;
        _socket.MarkLeft(reason, description);
        FailAcks(reason);
        EndWhenHandled();
        if (_ended is null)
            _lastEventsOverdue = Context.System.Scheduler.ScheduleTellOnceCancelable(
                ns.Server.Options.LastEventsTimeout,
                Self,
                LastEventsOverdue.Instance,
                Self
            );
    }

    private void EndWhenHandled()
    {
        if (_left is not null && _socket.Handling.Running == 0 && _waiting is not { Count: > 0 })
            EndLeft();
    }

    private void EndLeft()
    {
        if (_ended is not null)
            return;
        if (_waiting is { Count: > 0 })
            ns.Server.Log.LastEventsDropped(_waiting.Count, ns.MetricsName, ns.Server.Options.LastEventsTimeout);
        End(_left!, _socket.DisconnectDescription);
    }

    /// <summary>
    /// Raises <c>disconnecting</c> with the rooms still there, then leaves them; <c>disconnect</c> follows once that is done.
    /// </summary>
    private void End(DisconnectReason reason, string? description)
    {
        _ended = reason;
        _lastEventsOverdue?.Cancel();
        _socket.MarkLeft(reason, description);
        FailAcks(reason);
        DropWaiting(reason);
        var disconnecting = _socket.RaiseDisconnecting(reason);
        for (; _heldTurns > 0; _heldTurns--)
            _connection.Order.Taken(Self);
        if (disconnecting.IsCompleted)
        {
            Leave();
            return;
        }
        _lastEventsOverdue = Context.System.Scheduler.ScheduleTellOnceCancelable(
            ns.Server.Options.LastEventsTimeout,
            Self,
            DisconnectingDone.Instance,
            Self
        );
        _ = TellDoneAsync(disconnecting, Self);
    }

    private static async Task TellDoneAsync(Task disconnecting, IActorRef self)
    {
        await disconnecting.ConfigureAwait(false);
        self.Tell(DisconnectingDone.Instance);
    }

    private void Leave()
    {
        if (_isLeaving)
            return;
        _isLeaving = true;
        _lastEventsOverdue?.Cancel();
        _socket.MarkDisconnected(_ended!);
        if (_ended!.IsRecoverable)
            ns.Recovery?.Lose(_socket);
        else
            ns.Recovery?.Gone(_socket);
        ns.Remove(_socket);
        ns.Server.Observer?.Disconnected(_socket, _ended); // before its rooms are left
        _connection.Session.Tell(new ConnectionProtocol.Left(ns.Name, Self));
        Context.Parent.Tell(new NamespaceProtocol.SocketGone(_socket));
        ns.Server.Metrics.SocketDisconnected(ns.MetricsName, _ended);
    }

    private void OnDeparted()
    {
        _departed = true;
        _connection.Order.Gone(Self);
        _ = ns.Server.StoppedAfterAsync(_connected ? _socket.RaiseDisconnectAsync() : _socket.DisposeServicesAsync());
        Context.Stop(Self);
    }
}
