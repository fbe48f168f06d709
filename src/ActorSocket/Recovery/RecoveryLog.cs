using System.Diagnostics.CodeAnalysis;
using System.Globalization;
using System.Text.Json;
using ActorSocket.Delivery;
using ActorSocket.Sessions;

namespace ActorSocket.Recovery;

/// <summary>What is left of a socket whose client may come back.</summary>
internal sealed record LostSocket(string Id, string Secret, string[] Rooms, IReadOnlyDictionary<string, object?> Data, long LostAt)
{
    public static LostSocket Of(Socket socket, long at) =>
        new(socket.Id, socket.RecoverySecret!, [.. socket.Rooms], new Dictionary<string, object?>(socket.Data, StringComparer.Ordinal), at);
}

/// <summary>What a client says of itself to get its socket back: its secret, and the last event it saw as the node with this tag counts them.</summary>
internal readonly record struct RecoveryClaim(string Secret, string NodeTag, long Offset);

/// <summary>An event as it was logged: its last argument is the offset. It is the <paramref name="Number"/>th that the node <paramref name="Emitter"/> emitted in the namespace.</summary>
internal readonly record struct LoggedEvent(EncodedFrame Frame, RoomSelection Selection, string Emitter, long Number, long At);

/// <summary>
/// What one namespace remembers for clients that come back: the events of the last while with whom they were for, and the sockets that were lost. Each event
/// gets its offset, its place in the log and its receivers' queues in one critical section (<see cref="Gate"/>), so that the offset which a client saw last
/// tells exactly what it missed. An offset is a position in the log of the node that the socket was on.
/// </summary>
internal sealed class RecoveryLog(RecoveryOptions options, string nodeTag, TimeProvider time)
{
    private readonly Queue<LoggedEvent> _events = new();
    private readonly Dictionary<string, long> _seen = new(StringComparer.Ordinal); // of each other node: the number of its last event that came here
    private readonly AgeOrder<string, LostSocket> _lost = new(StringComparer.Ordinal);
    private long _last;
    private long _emitted;
    private long _forgotten; // of this node's own events, the number of the last that is forgotten
    private long _bytes;
    private Dictionary<string, Socket?>? _touched; // by secret, since the last replication; null while nobody replicates
    private HashSet<string> _gone = new(StringComparer.Ordinal);

    public RecoveryOptions Options => options;

    /// <summary>Held by who emits or lets a client back in. Nothing is awaited under it.</summary>
    public Lock Gate { get; } = new();

    /// <summary>The offset that the next event will have, as clients are told. Call under <see cref="Gate"/>.</summary>
    public string NextOffset => string.Create(CultureInfo.InvariantCulture, $"{nodeTag}{_last + 1}");

    /// <summary>The number that this node's next event will have. Call under <see cref="Gate"/>.</summary>
    public long NextNumber => _emitted + 1;

    /// <summary>The position of the newest event. Call under <see cref="Gate"/>.</summary>
    public long Last => _last;

    /// <summary>The offset that stands for a position.</summary>
    public string OffsetOf(long position) => string.Create(CultureInfo.InvariantCulture, $"{nodeTag}{position}");

    /// <summary>An offset that nothing can be recovered from: of an event that is sent again, but not as the last one.</summary>
    public string NoOffset => nodeTag + "-";

    /// <summary>Of each node the number of its newest event here, this node's own among them. Call under <see cref="Gate"/>.</summary>
    public Dictionary<string, long> Positions => new(_seen, StringComparer.Ordinal) { [nodeTag] = _emitted };

    /// <summary>Remembers this node's own event that bears <see cref="NextOffset"/>. Call under <see cref="Gate"/>.</summary>
    public void Add(EncodedFrame frame, RoomSelection selection) => Add(new LoggedEvent(frame, selection, nodeTag, ++_emitted, time.GetTimestamp()));

    /// <summary>Remembers another node's event likewise.</summary>
    public void AddFrom(string emitter, long number, EncodedFrame frame, RoomSelection selection)
    {
        _seen[emitter] = number;
        Add(new LoggedEvent(frame, selection, emitter, number, time.GetTimestamp()));
    }

    private void Add(LoggedEvent logged)
    {
        _last++;
        _bytes += logged.Frame.Size;
        _events.Enqueue(logged);
        while (_events.Count > options.MaxEvents || _bytes > options.MaxBytes)
            Forget();
    }

    /// <summary>
    /// The events after <paramref name="offset"/> that a socket with this id and these rooms would have got; false when some of them are forgotten, or the
    /// offset is none of this log's. Call under <see cref="Gate"/>.
    /// </summary>
    public bool TryGetMissed(long offset, string socketId, IReadOnlyCollection<string> rooms, [NotNullWhen(true)] out List<LoggedEvent>? missed)
    {
        missed = null;
        var forgotten = _last - _events.Count;
        if (offset < forgotten || offset > _last)
            return false;
        missed = [];
        foreach (var entry in _events.Skip((int)(offset - forgotten)))
        {
            if (entry.Selection.Matches(socketId, rooms))
                missed.Add(entry);
        }
        return true;
    }

    /// <summary>
    /// What this node itself emitted after a number for a socket with this id and these rooms, and what it has got of a node that is gone; false when some of its own is forgotten.
    /// Call under <see cref="Gate"/>.
    /// </summary>
    public bool TryGetEmitted(IReadOnlyDictionary<string, long> after, string goneTag, string socketId, IReadOnlyCollection<string> rooms, out List<LoggedEvent> emitted)
    {
        var (own, gone) = (after.GetValueOrDefault(nodeTag), after.GetValueOrDefault(goneTag));
        emitted = [.. _events.Where(logged => (logged.Emitter == nodeTag ? logged.Number > own : logged.Emitter == goneTag && logged.Number > gone) && logged.Selection.Matches(socketId, rooms))];
        return _forgotten <= own;
    }

    /// <summary>Reads the claim out of a client's <c>auth</c>. Anything else than two texts of ours is no claim, and no error .</summary>
    public static bool TryReadClaim(JsonElement auth, out RecoveryClaim claim)
    {
        claim = default;
        if (!auth.TryGetProperty("pid", out var pid) || pid.ValueKind != JsonValueKind.String || !auth.TryGetProperty("offset", out var offset) || offset.ValueKind != JsonValueKind.String)
            return false;
        var text = offset.GetString()!;
        if (text.Length <= IdGenerator.TagLength || !long.TryParse(text.AsSpan(IdGenerator.TagLength), NumberStyles.None, CultureInfo.InvariantCulture, out var number))
            return false;
        claim = new RecoveryClaim(pid.GetString()!, text[..IdGenerator.TagLength], number);
        return true;
    }

    /// <summary>Whether a claim is for a socket that was lost here; else it is for another node's.</summary>
    public bool IsOwn(RecoveryClaim claim) => claim.NodeTag == nodeTag;

    public void Lose(Socket socket)
    {
        var lost = LostSocket.Of(socket, time.GetTimestamp());
        lock (Gate)
        {
            Keep(lost);
            _touched?.TryAdd(lost.Secret, null);
        }
    }

    /// <summary>Whoever took it has left before it was let in.</summary>
    public void GiveBack(LostSocket lost)
    {
        lock (Gate)
        {
            Keep(lost with { LostAt = time.GetTimestamp() });
            _gone.Remove(lost.Secret);
            _touched?.TryAdd(lost.Secret, null);
        }
    }

    private void Keep(LostSocket lost)
    {
        _lost.Put(lost.Secret, lost);
        if (_lost.Count > options.MaxSockets && _lost.TryPeek(out var oldest, out _))
            _lost.Remove(oldest, out _);
    }

    /// <summary>A socket is connected, or its rooms have changed: the replica is to know.</summary>
    public void Touch(Socket socket)
    {
        lock (Gate)
        {
            if (_touched is not null)
                _touched[socket.RecoverySecret!] = socket;
        }
    }

    /// <summary>A socket has ended for good.</summary>
    public void Gone(Socket socket)
    {
        lock (Gate)
        {
            if (_touched is null)
                return;
            _touched.Remove(socket.RecoverySecret!);
            _gone.Add(socket.RecoverySecret!);
        }
    }

    /// <summary>Gives a lost socket back, once, if it can be told all that it missed.</summary>
    /// <param name="secret">Which socket.</param>
    /// <param name="offset">The last event that its client saw.</param>
    /// <param name="ages">False for a replica whose node may live: its sockets are connected there, however long ago it told of them.</param>
    public LostSocket? Take(string secret, long offset, bool ages = true)
    {
        lock (Gate)
        {
            if (ages)
                ForgetOld();
            if (!_lost.Remove(secret, out var lost))
                return null;
            if (_touched is not null)
                _gone.Add(secret);
            return TryGetMissed(offset, lost.Id, lost.Rooms, out _) ? lost : null;
        }
    }

    /// <summary>
    /// What has happened since <paramref name="position"/>, for the replica on another node; -1, and <paramref name="all"/> sockets, for one that begins. Null when nothing has.
    /// </summary>
    public ReplicaChanges? TakeChanges(long position, IReadOnlyCollection<Socket> all, int most)
    {
        lock (Gate)
        {
            var begins = position < _last - _events.Count || _touched is null;
            if (begins)
            {
                _touched = _lost.Entries.ToDictionary(static lost => lost.Key, static _ => (Socket?)null, StringComparer.Ordinal);
                foreach (var socket in all)
                    _touched[socket.RecoverySecret!] = socket;
                _gone = new HashSet<string>(StringComparer.Ordinal);
                position = _last - _events.Count;
            }
            var events = _events.Skip((int)(position - (_last - _events.Count))).Take(most).ToList();
            if (!begins && events.Count == 0 && _touched!.Count == 0 && _gone.Count == 0)
                return null;
            var now = time.GetTimestamp();
            var sockets = new List<LostSocket>();
            foreach (var (secret, socket) in _touched!.Take(most).ToArray())
            {
                _touched!.Remove(secret);
                if (_lost.TryGet(secret, out var lost))
                    sockets.Add(lost);
                else if (socket is { IsOver: false })
                    sockets.Add(LostSocket.Of(socket, now));
            }
            var changes = new ReplicaChanges(begins, position, events, sockets, [.. _gone], Positions);
            _gone.Clear();
            return changes;
        }
    }

    /// <summary>There is no other node to replicate to: what changes is not collected for one. The next one begins.</summary>
    public void StopReplicating()
    {
        lock (Gate)
            (_touched, _gone) = (null, new HashSet<string>(StringComparer.Ordinal));
    }

    /// <summary>As a replica of another node's log: takes what happened there. False when something between is missing.</summary>
    public bool Apply(ReplicaChanges changes)
    {
        lock (Gate)
        {
            if (changes.Begins)
                _last = changes.Position;
            else if (changes.Position != _last)
                return false;
            var now = time.GetTimestamp();
            foreach (var logged in changes.Events)
                Add(logged with { At = now });
            foreach (var secret in changes.Gone)
                _lost.Remove(secret, out _);
            foreach (var lost in changes.Sockets)
                Keep(lost with { LostAt = now });
            foreach (var (tag, number) in changes.Positions)
                _seen[tag] = number;
            _emitted = changes.Positions.GetValueOrDefault(nodeTag);
            return true;
        }
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
        while (_events.TryPeek(out var oldest) && IsOld(oldest.At))
            Forget();
    }

    private bool IsOld(long at) => time.GetElapsedTime(at) > options.MaxDisconnectionDuration;

    private void Forget()
    {
        var oldest = _events.Dequeue();
        _bytes -= oldest.Frame.Size;
        if (oldest.Emitter == nodeTag)
            _forgotten = oldest.Number;
    }
}
