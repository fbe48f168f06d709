using System.Diagnostics.CodeAnalysis;
using System.Globalization;
using ActorSocket.Emitting;
using ActorSocket.Protocol.SocketIo;

namespace ActorSocket.Recovery;

/// <summary>
/// What one namespace remembers for clients that come back: the events of the last while with whom they were for, and the sockets that were
/// lost. Each event gets its offset, its place in the log and its receivers' queues in one critical section (<see cref="Gate"/>), so that
/// the offset which a client saw last tells exactly what it missed. An offset is a position in the log of the node that the socket was on.
/// </summary>
internal sealed class RecoveryLog(RecoveryOptions options, string nodeTag, TimeProvider time)
{
    private readonly EventLog _events = new();
    private readonly OriginLog _origins = new();
    // of what comes to every node by itself: sockets that have moved here and had, elsewhere, what has not come here yet
    private readonly List<(string Id, List<long> Origins, long At)> _aheadOfOrigins = [];
    // of each other node: the number of its last event that came here
    private readonly Dictionary<string, long> _seen = new(StringComparer.Ordinal);
    // by emitter: sockets that have moved here and had, elsewhere, events of it that have not arrived here yet
    private readonly Dictionary<string, Ahead> _ahead = new(StringComparer.Ordinal);
    private readonly AgeOrder<string, LostSocket> _lost = new(StringComparer.Ordinal);
    private readonly Lock _changes = new(); // innermost; taken by every write of Socket.Data, which must not wait for those who emit
    // how far this node had emitted when it was last sent something
    private readonly Dictionary<string, (long Emitted, long At)> _goneNodes = new(StringComparer.Ordinal);
    private long _emitted;
    private long _forgotten; // of this node's own events, the number of the last that is forgotten
    private AgeOrder<string, IRecoverable?>? _touched; // by secret, since the last replication; null while nobody replicates
    private HashSet<string> _gone = new(StringComparer.Ordinal);

    public RecoveryOptions Options => options;

    /// <summary>The tag of the node whose log this is.</summary>
    public string NodeTag => nodeTag;

    /// <summary>Held by who emits or lets a client back in. Nothing is awaited under it, and no code of the application's runs.</summary>
    public Lock Gate { get; } = new();

    /// <summary>The number that this node's next event will have. Call under <see cref="Gate"/>.</summary>
    public long NextNumber => _emitted + 1;

    /// <summary>The position of the newest event. Call under <see cref="Gate"/>.</summary>
    public long Last => _events.Last;

    /// <summary>Where an event is that is remembered. Call under <see cref="Gate"/>.</summary>
    public long PositionOf(in LoggedEvent logged) => _events.Before(logged.Emitter, logged.Number - 1) + 1;

    /// <summary>How many events were looked at to find those that were missed.</summary>
    public long Examined => _events.Examined;

    /// <summary>The offset that stands for a position.</summary>
    public string OffsetOf(long position) => string.Create(CultureInfo.InvariantCulture, $"{nodeTag}{position}");

    /// <summary>An offset that nothing can be recovered from: of an event that is sent again, but not as the last one.</summary>
    public string NoOffset => nodeTag + "-";

    /// <summary>
    /// The version vector of this log: of each node the number of its newest event here, of this node, too. Call under <see cref="Gate"/>.
    /// </summary>
    public Dictionary<string, long> Versions => new(_seen, StringComparer.Ordinal) { [nodeTag] = _emitted };

    /// <summary>Remembers this node's own event, which bears the offset of the next position. Call under <see cref="Gate"/>.</summary>
    /// <param name="frame">The event.</param>
    /// <param name="selection">Whom it is for.</param>
    /// <param name="sentTo">Which other nodes it went to; null for one that is for this node's sockets alone.</param>
    /// <param name="origin">Of what came to every node by itself, which message it was; else 0.</param>
    public void Add(EncodedFrame frame, RoomSelection selection, IReadOnlyList<IRemoteNode>? sentTo, long origin = 0) =>
        Add(new LoggedEvent(frame, selection, nodeTag, ++_emitted, time.GetTimestamp()) { SentTo = sentTo, Origin = origin });

    /// <summary>Remembers another node's event likewise.</summary>
    public void AddFrom(string emitter, long number, EncodedFrame frame, RoomSelection selection)
    {
        _seen[emitter] = number;
        Add(new LoggedEvent(frame, selection, emitter, number, time.GetTimestamp()));
    }

    /// <summary>
    /// Another node says that it has emitted up to this number, and everything of that has arrived which it sent here; what it did not send
    /// was for rooms without members here. So the log has got as far. Call under <see cref="Gate"/>.
    /// </summary>
    public void Passed(string emitter, long number) => _seen[emitter] = Math.Max(number, _seen.GetValueOrDefault(emitter));

    /// <summary>
    /// Another node is no more: what is emitted from now on does not go there. Call before it goes nowhere, under <see cref="Gate"/>.
    /// </summary>
    public void NodeGone(string tag) => _goneNodes[tag] = (_emitted, time.GetTimestamp());

    /// <summary>
    /// Remembers, of a socket that comes from another node, the number of the last event that it has had of each emitter: some of these may
    /// arrive here later, and are not delivered to it twice. Call under <see cref="Gate"/>.
    /// </summary>
    public void Told(string socketId, IReadOnlyDictionary<string, long> versions)
    {
        foreach (var (emitter, number) in versions)
        {
            if (emitter == nodeTag || number <= _seen.GetValueOrDefault(emitter))
                continue;
            if (!_ahead.TryGetValue(emitter, out var ahead))
                _ahead.Add(emitter, ahead = new Ahead());
            ahead.Sockets.Add((socketId, number));
            (ahead.Last, ahead.At) = (Math.Max(number, ahead.Last), time.GetTimestamp());
        }
    }

    /// <summary>
    /// Whom an event of another node's is for that comes here now: not those that were told of it (<see cref="Told"/>). Call under
    /// <see cref="Gate"/>.
    /// </summary>
    public RoomSelection Untold(string emitter, long number, RoomSelection selection)
    {
        if (_ahead.Count == 0 || number == 0 || !_ahead.TryGetValue(emitter, out var ahead))
            return selection;
        if (number > ahead.Last)
            _ahead.Remove(emitter); // an emitter's events come in order
        string[] told = [.. ahead.Sockets.Where(socket => socket.UpTo >= number).Select(static socket => socket.Id)];
        return told.Length == 0 ? selection : selection.Except(told);
    }

    /// <summary>
    /// The last messages that came to every node by itself and that a socket has had, here or before it came here, as they travel. Call
    /// under <see cref="Gate"/>.
    /// </summary>
    public byte[] OriginsOf(string socketId) => _origins.ToBytesWith(
        _aheadOfOrigins
            .Where(ahead => string.Equals(ahead.Id, socketId, StringComparison.Ordinal))
            .SelectMany(static ahead => ahead.Origins));

    /// <summary>How this log differs from another node's in what came to both by themselves. Call under <see cref="Gate"/>.</summary>
    public OriginDifference Beyond(IReadOnlyList<long> others) => _origins.Beyond(others);

    /// <summary>Remembers, of a socket that comes from another node, what it has had of what is still to come here, likewise.</summary>
    public void ToldOf(string socketId, IReadOnlyList<long> origins)
    {
        foreach (var way in origins.GroupBy(OriginLog.WayOf))
            _aheadOfOrigins.Add((socketId, [.. way], time.GetTimestamp()));
    }

    /// <summary>Whom a message is for that comes to every node by itself: not those that were told of it. Likewise.</summary>
    public RoomSelection UntoldOf(long origin, RoomSelection selection)
    {
        if (_aheadOfOrigins.Count == 0 || origin == 0)
            return selection;
        var told = new List<string>();
        foreach (var (id, origins, _) in _aheadOfOrigins.Where(ahead => OriginLog.WayOf(ahead.Origins[0]) == OriginLog.WayOf(origin)))
        {
            var index = origins.IndexOf(origin);
            if (index >= 0)
                told.Add(id);
            // They come in order: of what is missing, or where another one comes, nothing will.
            origins.RemoveRange(0, index < 0 ? origins.Count : index + 1);
        }
        _aheadOfOrigins.RemoveAll(static ahead => ahead.Origins.Count == 0);
        return told.Count == 0 ? selection : selection.Except(told);
    }

    private void Add(in LoggedEvent logged)
    {
        _events.Add(logged);
        if (logged.Origin != 0)
            _origins.Add(logged.Origin, _events.Last);
        while (_events.Count > options.MaxEvents || _events.Bytes > options.MaxBytes)
            Forget();
    }

    /// <summary>
    /// The events after a position that a socket with this id and these rooms would have got; false when some of them are forgotten, or the
    /// position is none of this log's. Costs what was sent to its rooms since, whatever else is in the log. Call under <see cref="Gate"/>.
    /// </summary>
    public bool TryGetMissed(
        long position,
        string socketId,
        IReadOnlyCollection<string> rooms,
        [NotNullWhen(true)] out List<LoggedEvent>? missed
    )
    {
        missed = HasAllAfter(position) ? _events.For(position, socketId, rooms) : null;
        return missed is not null;
    }

    private bool HasAllAfter(long position) => position >= _events.Forgotten && position <= _events.Last;

    /// <summary>
    /// What this node itself emitted after a number for a socket with this id and these rooms on a node that is gone, and what it has got
    /// of that node, each with how long ago that was; false when some of its own is forgotten. What did not go to that node was not for the
    /// socket, even if it is now: it was emitted before the socket was in the room. Call under <see cref="Gate"/>.
    /// </summary>
    /// <param name="after">By emitter, what the socket has.</param>
    /// <param name="goneTag">The node that is gone.</param>
    /// <param name="isSentTo">Whether what is emitted is sent there still: nobody here has noticed yet.</param>
    /// <param name="socketId">The socket's id.</param>
    /// <param name="rooms">Its rooms.</param>
    /// <param name="emitted">In the order in which they were logged.</param>
    public bool TryGetEmitted(
        IReadOnlyDictionary<string, long> after,
        string goneTag,
        bool isSentTo,
        string socketId,
        IReadOnlyCollection<string> rooms,
        out List<LoggedEvent> emitted
    )
    {
        var (own, gone) = (after.GetValueOrDefault(nodeTag), after.GetValueOrDefault(goneTag));
        // 0: it has never been known here, and was gone before
        var sentUpTo = isSentTo ? long.MaxValue : _goneNodes.GetValueOrDefault(goneTag).Emitted;
        emitted = _events.For(Math.Min(_events.Before(nodeTag, own), _events.Before(goneTag, gone)), socketId, rooms);
        emitted.RemoveAll(logged =>
            logged.Emitter == nodeTag ? logged.Number <= own || !IsFor(logged) : logged.Emitter != goneTag || logged.Number <= gone
        );
        var now = time.GetTimestamp();
        for (var i = 0; i < emitted.Count; i++)
            emitted[i] = emitted[i] with { At = -time.GetElapsedTime(emitted[i].At, now).Ticks };
        return _forgotten <= own;

        bool IsFor(in LoggedEvent logged) =>
            logged.SentTo is { } sentTo && (logged.Number > sentUpTo || sentTo.Any(node => node.Tag == goneTag));
    }

    public void Lose(IRecoverable socket)
    {
        var lost = LostSocket.Of(socket, time.GetTimestamp());
        lock (Gate)
            Keep(lost);
        lock (_changes)
            _touched?.Set(lost.Secret, null);
    }

    /// <summary>Whoever took it was not let in.</summary>
    public void GiveBack(LostSocket lost)
    {
        lock (Gate)
            Keep(lost with { LostAt = time.GetTimestamp() });
        lock (_changes)
        {
            _gone.Remove(lost.Secret);
            _touched?.Set(lost.Secret, null);
        }
    }

    private void Keep(LostSocket lost)
    {
        _lost.Put(lost.Secret, lost);
        if (_lost.Count > options.MaxSockets && _lost.TryPeek(out var oldest, out _))
            _lost.Remove(oldest, out _);
    }

    /// <summary>A socket that is lost, without giving it back.</summary>
    public LostSocket? Peek(string secret)
    {
        lock (Gate)
            return _lost.TryGet(secret, out var lost) ? lost : null;
    }

    /// <summary>A socket is connected, or its rooms or its data have changed: the replica is to know.</summary>
    public void Touch(IRecoverable socket)
    {
        lock (_changes)
            _touched?.Set(socket.RecoverySecret!, socket);
    }

    /// <summary>A socket has ended for good.</summary>
    public void Gone(IRecoverable socket) => Gone(socket.RecoverySecret!);

    private void Gone(string secret)
    {
        lock (_changes)
        {
            if (_touched is null)
                return;
            _touched.Remove(secret, out _);
            _gone.Add(secret);
        }
    }

    /// <summary>
    /// Gives a lost socket back, once, if it can be told all that it missed: with <see cref="LostSocket.Seen"/>, from where on.
    /// </summary>
    /// <param name="claim">Which socket, and what its client saw last.</param>
    /// <param name="found">Whether it was lost here at all.</param>
    /// <param name="ages">False for a replica whose node may live: its sockets are connected there, however long ago it told of
    /// them.</param>
    public LostSocket? Take(in RecoveryClaim claim, out bool found, bool ages = true)
    {
        lock (Gate)
        {
            if (ages)
                ForgetOld();
            found = _lost.Remove(claim.Secret, out var lost);
            if (!found)
                return null;
            Gone(claim.Secret);
            return lost!.Start.LastSeenPosition(claim, nodeTag) is { } seen && HasAllAfter(seen) ? lost with { Seen = seen } : null;
        }
    }

    /// <summary>
    /// What has happened since <paramref name="position"/>, for the replica on another node; -1, and <paramref name="all"/> sockets, for
    /// one that begins. Null when nothing has.
    /// </summary>
    public ReplicaChanges? TakeChanges(long position, IReadOnlyCollection<IRecoverable> all, int most)
    {
        bool begins, isWhole;
        List<LoggedEvent> events;
        Dictionary<string, long> versions;
        byte[] origins;
        lock (Gate)
        {
            begins = position < _events.Forgotten || !IsReplicating;
            if (begins)
            {
                position = _events.Forgotten;
                BeginReplicating(all);
            }
            origins = begins ? _origins.ToBytes(upTo: position) : []; // what is older than the events that are kept
            events = _events.After(position, most);
            versions = VersionsAt(position + events.Count);
            isWhole = position + events.Count == _events.Last;
        }
        var (touched, gone, rest) = TakeTouched(most);
        if (!begins && events.Count == 0 && touched.Count == 0 && gone.Length == 0)
            return null;
        var now = time.GetTimestamp();
        var sockets = new List<LostSocket>(touched.Count);
        foreach (var (secret, socket) in touched)
        {
            if (Peek(secret) is { } lost)
                sockets.Add(lost);
            else if (socket is { Connected: true, IsOver: false })
                sockets.Add(LostSocket.Of(socket, now));
        }
        return new ReplicaChanges(begins, position, events, sockets, gone, versions) { IsWhole = isWhole && rest == 0, Origins = origins };
    }

    /// <summary>How far the log had got of each node's events at a position.</summary>
    private Dictionary<string, long> VersionsAt(long position)
    {
        var versions = Versions;
        var rest = _events.After(position, int.MaxValue);
        for (var i = rest.Count - 1; i >= 0; i--)
            versions[rest[i].Emitter] = rest[i].Number - 1;
        return versions;
    }

    private bool IsReplicating
    {
        get
        {
            lock (_changes)
                return _touched is not null;
        }
    }

    private void BeginReplicating(IReadOnlyCollection<IRecoverable> all)
    {
        var touched = new AgeOrder<string, IRecoverable?>(StringComparer.Ordinal);
        foreach (var (secret, _) in _lost.Entries)
            touched.Set(secret, null);
        foreach (var socket in all)
            touched.Set(socket.RecoverySecret!, socket);
        lock (_changes)
            (_touched, _gone) = (touched, new HashSet<string>(StringComparer.Ordinal));
    }

    /// <summary>Those that have waited longest, so that none waits for ever; all that are gone; and how many are left.</summary>
    private (List<(string Secret, IRecoverable? Socket)> Touched, string[] Gone, int Left) TakeTouched(int most)
    {
        lock (_changes)
        {
            if (_touched is null)
                return ([], [], 0);
            List<(string Secret, IRecoverable? Socket)> touched = [.. _touched.Entries.Take(most)];
            foreach (var (secret, _) in touched)
                _touched.Remove(secret, out _);
            string[] gone = [.. _gone];
            _gone.Clear();
            return (touched, gone, _touched.Count);
        }
    }

    /// <summary>There is no other node to replicate to: what changes is not collected for one. The next one begins.</summary>
    public void StopReplicating()
    {
        lock (_changes)
            (_touched, _gone) = (null, new HashSet<string>(StringComparer.Ordinal));
    }

    /// <summary>As a replica of another node's log: takes what happened there. False when something between is missing.</summary>
    public bool Apply(ReplicaChanges changes)
    {
        lock (Gate)
        {
            if (changes.Begins)
                BeginAt(changes);
            else if (changes.Position != _events.Last)
                return false;
            var now = time.GetTimestamp();
            foreach (var logged in changes.Events)
                Add(logged with { At = now });
            foreach (var secret in changes.Gone)
                _lost.Remove(secret, out _);
            foreach (var lost in changes.Sockets)
                Keep(lost with { LostAt = now });
            foreach (var (tag, number) in changes.Versions)
                _seen[tag] = number;
            _emitted = changes.Versions.GetValueOrDefault(nodeTag);
            return true;
        }
    }

    private void BeginAt(ReplicaChanges changes)
    {
        _events.Last = changes.Position;
        foreach (var origin in OriginLog.Read(changes.Origins))
            _origins.Add(origin, changes.Position);
    }

    /// <summary>As a replica: the node is gone, and its clients have from now on to come back.</summary>
    public void StartWaiting()
    {
        lock (Gate)
        {
            var now = time.GetTimestamp();
            foreach (var (_, lost) in _lost.Entries.ToArray())
                Keep(lost with { LostAt = now });
        }
    }

    /// <summary>Forgets what is too old to be asked for.</summary>
    public void Sweep()
    {
        lock (Gate)
            ForgetOld();
    }

    private void ForgetOld()
    {
        while (_lost.TryPeek(out var secret, out var lost) && IsOld(lost.LostAt))
            _lost.Remove(secret, out _);
        while (_events.Count > 0 && IsOld(_events.Oldest.At))
            Forget();
        _aheadOfOrigins.RemoveAll(ahead => IsOld(ahead.At));
        foreach (var (emitter, ahead) in _ahead)
        {
            if (IsOld(ahead.At))
                _ahead.Remove(emitter);
        }
        foreach (var (tag, gone) in _goneNodes)
        {
            if (IsOld(gone.At))
                _goneNodes.Remove(tag);
        }
    }

    private bool IsOld(long at) => time.GetElapsedTime(at) > options.MaxDisconnectionDuration;

    private void Forget()
    {
        var oldest = _events.Forget();
        if (oldest.Emitter == nodeTag)
            _forgotten = oldest.Number;
    }

    /// <summary>Sockets that have had events of one emitter which have not arrived here yet: they are left out when these come.</summary>
    private sealed class Ahead
    {
        public List<(string Id, long UpTo)> Sockets { get; } = [];

        public long Last { get; set; }

        public long At { get; set; }
    }
}
