using Akka.Actor;

namespace ActorSocket.Sessions;

/// <summary>
/// Which namespaces one connection has joined, and the socket of each: what the read loop needs to send a packet straight to its socket, and to
/// tell a packet that breaks the protocol (S-31) from one that merely crossed our own disconnect (S-32).
/// </summary>
/// <remarks>Read by the thread that decodes, written by it and by sockets. Almost always one entry, hence a list.</remarks>
internal sealed class JoinedNamespaces(int limit)
{
    private enum State : byte { Connecting, Connected, LeftByServer }

    private readonly Lock _gate = new();
    private readonly List<Entry> _entries = new(1);
    private volatile bool _ended;

    public enum Begin { Started, AlreadyJoined, TooMany }

    public enum Find { Found, Ignore, NotJoined }

    /// <summary>A CONNECT arrived. One under way counts as joined.</summary>
    public Begin TryBegin(string name)
    {
        lock (_gate)
        {
            var at = IndexOf(name);
            if (at >= 0 && _entries[at].State != State.LeftByServer)
                return Begin.AlreadyJoined;
            if (at >= 0)
                _entries.RemoveAt(at);
            if (_entries.Count >= limit)
            {
                _entries.RemoveAll(static entry => entry.State == State.LeftByServer);
                if (_entries.Count >= limit)
                    return Begin.TooMany;
            }
            _entries.Add(new Entry(name, State.Connecting, ActorRefs.Nobody));
            return Begin.Started;
        }
    }

    /// <summary>The namespace has a socket now, which is told when the session ends. False when it has ended.</summary>
    public bool Started(string name, IActorRef socket)
    {
        Set(name, State.Connecting, socket);
        return !_ended;
    }

    /// <summary>The session has ended. Gives the sockets that there are.</summary>
    public IActorRef[] End()
    {
        lock (_gate)
        {
            _ended = true;
            return [.. _entries.Select(static entry => entry.Socket)];
        }
    }

    public void Connected(string name, IActorRef socket) => Set(name, State.Connected, socket);

    /// <summary>The server disconnected the namespace: what the client sent before it knew is ignored.</summary>
    /// <returns>False when the client has left it meanwhile, and has perhaps come back: then it must not be told.</returns>
    public bool LeftByServer(string name, IActorRef socket)
    {
        lock (_gate)
        {
            var at = IndexOf(name);
            if (at < 0 || !socket.Equals(_entries[at].Socket))
                return false;
            _entries[at] = new Entry(name, State.LeftByServer, ActorRefs.Nobody);
            return true;
        }
    }

    /// <summary>The client left, or was refused.</summary>
    public void Remove(string name)
    {
        lock (_gate)
        {
            var at = IndexOf(name);
            if (at >= 0)
                _entries.RemoveAt(at);
        }
    }

    public Find TryFind(string name, out IActorRef socket, bool remove = false)
    {
        lock (_gate)
        {
            socket = ActorRefs.Nobody;
            var at = IndexOf(name);
            if (at < 0 || _entries[at].State == State.Connecting)
                return Find.NotJoined;
            if (_entries[at].State == State.LeftByServer)
                return Find.Ignore;
            socket = _entries[at].Socket;
            if (remove)
                _entries.RemoveAt(at);
            return Find.Found;
        }
    }

    private void Set(string name, State state, IActorRef socket)
    {
        lock (_gate)
        {
            var at = IndexOf(name);
            if (at >= 0)
                _entries[at] = new Entry(name, state, socket);
        }
    }

    private int IndexOf(string name)
    {
        for (var i = 0; i < _entries.Count; i++)
        {
            if (string.Equals(_entries[i].Name, name, StringComparison.Ordinal))
                return i;
        }
        return -1;
    }

    private readonly record struct Entry(string Name, State State, IActorRef Socket);
}
