using ActorSocket.Sessions;
using Akka.Actor;

namespace ActorSocket.Connections;

/// <summary>
/// Hands what one connection brings to the sockets of its namespaces in the order it came: a socket is told when the one before has had its
/// turn. The protocol promises nothing across namespaces, but who emits to <c>/a</c> and then to <c>/b</c> expects it so, and actors that
/// are merely told one after the other run in any order. A handler that awaits holds up nobody else; one that keeps its thread does, as in
/// Node.js. A socket that a handler disconnects has had its turn when its client is told so.
/// </summary>
/// <remarks>
/// One thread at a time hands over; sockets say that they are done on theirs. A connection with one namespace never waits.
/// </remarks>
internal sealed class ArrivalOrder(JoinedNamespaces namespaces)
{
    private readonly Lock _gate = new();
    private Queue<(IActorRef Socket, ILocalMessage Message)>? _waiting;
    private IActorRef _current = ActorRefs.Nobody;
    private int _untaken;
    private bool _isOver;

    public JoinedNamespaces Namespaces => namespaces;

    public void Tell(IActorRef socket, ILocalMessage message)
    {
        lock (_gate)
        {
            if (!_isOver && (_waiting is { Count: > 0 } || (_untaken > 0 && !ReferenceEquals(socket, _current))))
                (_waiting ??= []).Enqueue((socket, message));
            else
                Give(socket, message);
        }
    }

    /// <summary>A socket has handled a <see cref="ConnectionEvents.PacketsRead"/>, or what it had to do before its handlers wait.</summary>
    public void Taken(IActorRef socket)
    {
        lock (_gate)
        {
            if (_untaken == 0 || !ReferenceEquals(socket, _current))
                return;
            _untaken--;
            GiveNext();
        }
    }

    /// <summary>A socket handles nothing any more, and <see cref="JoinedNamespaces"/> does not have it either.</summary>
    public void Gone(IActorRef socket)
    {
        lock (_gate)
        {
            if (!ReferenceEquals(socket, _current))
                return;
            _untaken = 0;
            GiveNext();
        }
    }

    /// <summary>The connection ends, which its sockets are told next: they get what has come before.</summary>
    public void End()
    {
        lock (_gate)
        {
            _isOver = true;
            while (_waiting is { Count: > 0 })
                Give(_waiting.Dequeue());
        }
    }

    private void GiveNext()
    {
        while (_waiting is { Count: > 0 } && (_untaken == 0 || ReferenceEquals(_waiting.Peek().Socket, _current)))
            Give(_waiting.Dequeue());
    }

    private void Give((IActorRef Socket, ILocalMessage Message) next) => Give(next.Socket, next.Message);

    private void Give(IActorRef socket, ILocalMessage message)
    {
        if (message is ConnectionEvents.PacketsRead && namespaces.Has(socket)) // one that ends takes no turn
        {
            if (!ReferenceEquals(socket, _current))
                (_current, _untaken) = (socket, 0);
            _untaken++;
        }
        socket.Tell(message);
    }
}
