using System.Diagnostics.CodeAnalysis;
using System.Globalization;
using System.Text.Json;
using ActorSocket.Delivery;
using ActorSocket.Sessions;

namespace ActorSocket.Recovery;

/// <summary>What is left of a socket whose client may come back.</summary>
internal sealed record LostSocket(string Id, string Secret, string[] Rooms, IReadOnlyDictionary<string, object?> Data, long LostAt);

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
    private readonly OrderedDictionary<string, LostSocket> _lost = new(StringComparer.Ordinal); // oldest first
    private long _last;
    private long _emitted;
    private long _bytes;

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
        var lost = new LostSocket(socket.Id, socket.RecoverySecret!, [.. socket.Rooms], new Dictionary<string, object?>(socket.Data, StringComparer.Ordinal), time.GetTimestamp());
        lock (Gate)
        {
            if (_lost.Count >= options.MaxSockets)
                _lost.RemoveAt(0);
            _lost[lost.Secret] = lost;
        }
    }

    /// <summary>Gives a lost socket back, once, if it can be told all that it missed.</summary>
    public LostSocket? Take(string secret, long offset)
    {
        lock (Gate)
        {
            ForgetOld();
            return _lost.Remove(secret, out var lost) && TryGetMissed(offset, lost.Id, lost.Rooms, out _) ? lost : null;
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
        while (_lost.Count > 0 && IsOld(_lost.GetAt(0).Value.LostAt))
            _lost.RemoveAt(0);
        while (_events.TryPeek(out var oldest) && IsOld(oldest.At))
            Forget();
    }

    private bool IsOld(long at) => time.GetElapsedTime(at) > options.MaxDisconnectionDuration;

    private void Forget() => _bytes -= _events.Dequeue().Frame.Size;
}
