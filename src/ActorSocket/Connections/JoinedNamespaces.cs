using ActorSocket.Protocol.SocketIo;
using Akka.Actor;

namespace ActorSocket.Connections;

/// <summary>
/// Which namespaces one connection has joined, and the socket of each: what the read loop needs to send a packet straight to its socket,
/// and to tell a packet that breaks the protocol (S-31) from one that merely crossed our own disconnect (S-32).
/// </summary>
/// <remarks>
/// Read by the thread that decodes, written by it and by sockets. Almost always one entry, hence a list. Each CONNECT is an attempt with a
/// number of its own: a client that leaves before it was let in and comes back (<c>connect(); disconnect(); connect()</c>) has two under
/// way, of which the later one counts.
/// </remarks>
internal sealed class JoinedNamespaces(int limit)
{
    /// <summary>
    /// Rejoining: as Connecting, of a client that may take itself for connected. Abandoned: its middleware still runs, but its client has
    /// left or asked anew.
    /// </summary>
    private enum State : byte { Connecting, Rejoining, Connected, LeftByServer, Abandoned }

    private readonly Lock _gate = new();
    private readonly List<Entry> _entries = new(1);
    private int _attempts;
    private volatile bool _ended;

    public enum Begin { Started, UnderWay, AlreadyJoined, TooMany }

    public enum Find { Found, Held, Ignore, NotJoined }

    /// <summary>
    /// A CONNECT arrived. It takes the place of one that is under way, and, beside the main namespace, where others would suffer, of a
    /// socket that is connected: its answer may have crossed a <c>disconnect(); connect()</c>. <paramref name="former"/> is to be told.
    /// Attempts that were given up count until they are over, so that a client cannot have any number of them.
    /// </summary>
    public Begin TryBegin(string name, out int attempt, out IActorRef former)
    {
        lock (_gate)
        {
            (attempt, former) = (0, ActorRefs.Nobody);
            var at = IndexOf(name);
            var state = at < 0 ? State.LeftByServer : _entries[at].State;
            if (
                state == State.Connected
                && (
                    name == "/"
                    || !_entries.Exists(entry => entry.State is not (State.LeftByServer or State.Abandoned) && entry.Name != name)
                )
            )
                return Begin.AlreadyJoined;
            if (at >= 0 && state is State.LeftByServer or State.Connected)
            {
                former = _entries[at].Socket;
                _entries.RemoveAt(at);
            }
            if (_entries.Count >= limit && _entries.RemoveAll(static entry => entry.State == State.LeftByServer) == 0)
                return state is State.Connecting or State.Rejoining ? Begin.UnderWay : Begin.TooMany;
            List<SocketIoPacket>? held = null;
            if (state is State.Connecting or State.Rejoining)
                (former, held) = Abandon(IndexOf(name));
            attempt = ++_attempts;
            _entries.Add(
                new Entry(
                    name,
                    state is State.Connected or State.Rejoining ? State.Rejoining : State.Connecting,
                    attempt,
                    ActorRefs.Nobody,
                    held,
                    null
                )
            );
            return Begin.Started;
        }
    }

    /// <summary>
    /// An attempt has a socket now, which is told when the session ends. False when it has ended, or the attempt was given up.
    /// </summary>
    public bool Started(int attempt, IActorRef socket)
    {
        lock (_gate)
        {
            var at = _entries.FindIndex(entry => entry.Attempt == attempt);
            if (at < 0)
                return false;
            var entry = _entries[at];
            _entries[at] = entry with { Socket = socket, State = entry.State == State.Connected ? State.Connecting : entry.State };
            return !_ended && entry.State != State.Abandoned;
        }
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

    /// <summary>
    /// The attempt's socket is let in: the read loop tells <paramref name="reader"/> what comes in for it. False when it was given up
    /// meanwhile.
    /// </summary>
    public bool Connected(int attempt, IActorRef socket, IPacketReceiver? reader = null)
    {
        lock (_gate)
        {
            var at = _entries.FindIndex(entry => entry.Attempt == attempt);
            if (at < 0 || _entries[at].State == State.Abandoned)
                return false;
            _entries[at] = _entries[at] with { Socket = socket, Reader = reader, State = State.Connected };
            return true;
        }
    }

    /// <summary>What the client has sent since it asked anew, taking itself for connected.</summary>
    public List<SocketIoPacket>? TakeHeld(int attempt)
    {
        lock (_gate)
        {
            var at = _entries.FindIndex(entry => entry.Attempt == attempt);
            if (at < 0 || _entries[at].Held is not { } held)
                return null;
            _entries[at] = _entries[at] with { Held = null };
            return held;
        }
    }

    /// <summary>The server disconnected the namespace: what the client sent before it knew is ignored.</summary>
    /// <returns>False when the client has left it meanwhile, and has perhaps come back: then it must not be told.</returns>
    public bool LeftByServer(IActorRef socket)
    {
        lock (_gate)
        {
            var at = _entries.FindIndex(entry => entry.State != State.Abandoned && socket.Equals(entry.Socket));
            if (at < 0)
                return false;
            _entries[at] = new Entry(_entries[at].Name, State.LeftByServer, 0, ActorRefs.Nobody, null, null);
            return true;
        }
    }

    /// <summary>An attempt is over: refused, or given up. True when its client still waits for the answer.</summary>
    public bool Remove(int attempt, out List<SocketIoPacket>? held)
    {
        lock (_gate)
        {
            held = null;
            var at = _entries.FindIndex(entry => entry.Attempt == attempt);
            if (at < 0)
                return false;
            (var isWaited, held) = (_entries[at].State != State.Abandoned, _entries[at].Held);
            _entries.RemoveAt(at);
            return isWaited;
        }
    }

    /// <summary>Where an event or an acknowledgement goes. <paramref name="packet"/> is kept when its socket is not there yet.</summary>
    public Find TryFind(string name, SocketIoPacket packet, out IActorRef socket) => TryFind(name, packet, out socket, out _);

    /// <inheritdoc cref="TryFind(string, SocketIoPacket, out IActorRef)"/>
    public Find TryFind(string name, SocketIoPacket packet, out IActorRef socket, out IPacketReceiver? reader)
    {
        lock (_gate)
        {
            (socket, reader) = (ActorRefs.Nobody, null);
            var at = IndexOf(name);
            if (at < 0)
                return Find.NotJoined;
            var entry = _entries[at];
            switch (entry.State)
            {
                case State.Connected:
                    (socket, reader) = (entry.Socket, entry.Reader);
                    return Find.Found;
                case State.Rejoining:
                    if (packet.Type != SocketIoPacketType.Event)
                        return Find.Ignore; // the former socket asked
                    if (entry.Held is null)
                        _entries[at] = entry = entry with { Held = [] };
                    entry.Held!.Add(packet);
                    return Find.Held;
                default:
                    return entry.State == State.LeftByServer ? Find.Ignore : Find.NotJoined;
            }
        }
    }

    /// <summary>The sockets that are let in.</summary>
    public IPacketReceiver[] Readers()
    {
        lock (_gate)
            return [.. _entries.Select(static entry => entry.Reader).OfType<IPacketReceiver>()];
    }

    /// <summary>Attempts to join that are under way, those included that their client has given up.</summary>
    public int UnderWay
    {
        get
        {
            lock (_gate)
                return _entries.Count(static entry => entry.State is State.Connecting or State.Rejoining or State.Abandoned);
        }
    }

    /// <summary>Whether packets go to this socket.</summary>
    public bool Has(IActorRef socket)
    {
        lock (_gate)
        {
            foreach (var entry in _entries)
            {
                if (entry.State == State.Connected && ReferenceEquals(entry.Socket, socket))
                    return true;
            }
            return false;
        }
    }

    /// <summary>The client leaves; one that was not let in yet never will be.</summary>
    public Find Leave(string name, out IActorRef socket, out List<SocketIoPacket>? held)
    {
        lock (_gate)
        {
            (socket, held) = (ActorRefs.Nobody, null);
            var at = IndexOf(name);
            if (at < 0)
                return Find.NotJoined;
            if (_entries[at].State == State.LeftByServer)
                return Find.Ignore;
            if (_entries[at].State != State.Connected)
            {
                (socket, held) = Abandon(at);
                return Find.Found;
            }
            socket = _entries[at].Socket;
            _entries.RemoveAt(at);
            return Find.Found;
        }
    }

    private (IActorRef Socket, List<SocketIoPacket>? Held) Abandon(int at)
    {
        var entry = _entries[at];
        _entries[at] = entry with { State = State.Abandoned, Held = null };
        return (entry.Socket, entry.Held);
    }

    /// <summary>Where the namespace's entry stands that is not abandoned; -1 when there is none.</summary>
    private int IndexOf(string name)
    {
        for (var i = 0; i < _entries.Count; i++)
        {
            if (_entries[i].State != State.Abandoned && string.Equals(_entries[i].Name, name, StringComparison.Ordinal))
                return i;
        }
        return -1;
    }

    private readonly record struct Entry(
        string Name,
        State State,
        int Attempt,
        IActorRef Socket,
        List<SocketIoPacket>? Held,
        IPacketReceiver? Reader
    );
}
