using System.Diagnostics.CodeAnalysis;
using System.Globalization;
using System.Text.Json;
using ActorSocket.Delivery;

namespace ActorSocket.Recovery;

/// <summary>What is left of a socket whose client may come back.</summary>
internal sealed record LostSocket(string Id, string Secret, string[] Rooms, IReadOnlyDictionary<string, object?> Data, long LostAt);

/// <summary>What a client says of itself to get its socket back .</summary>
internal readonly record struct RecoveryClaim(string Secret, long Offset);

/// <summary>
/// What one namespace remembers for clients that come back: the events of the last while with whom they were for, and the sockets that were lost. Each event
/// gets its offset, its place in the log and its receivers' queues in one critical section (<see cref="Gate"/>), so that the offset which a client saw last
/// tells exactly what it missed.
/// </summary>
internal sealed class RecoveryLog(RecoveryOptions options, string nodeTag, TimeProvider time)
{
    private readonly Queue<Entry> _events = new();
    private readonly OrderedDictionary<string, LostSocket> _lost = new(StringComparer.Ordinal); // oldest first
    private long _last;
    private long _bytes;

    public RecoveryOptions Options => options;

    /// <summary>Held by who emits or lets a client back in. Nothing is awaited under it.</summary>
    public Lock Gate { get; } = new();

    /// <summary>The offset that the next event will have, as clients are told. Call under <see cref="Gate"/>.</summary>
    public string NextOffset => string.Create(CultureInfo.InvariantCulture, $"{nodeTag}{_last + 1}");

    /// <summary>Remembers the event that bears <see cref="NextOffset"/>. Call under <see cref="Gate"/>.</summary>
    public void Add(EncodedFrame frame, RoomSelection selection)
    {
        _last++;
        _bytes += frame.Size;
        _events.Enqueue(new Entry(frame, selection, time.GetTimestamp()));
        while (_events.Count > options.MaxEvents || _bytes > options.MaxBytes)
            Forget();
    }

    /// <summary>
    /// The events after <paramref name="offset"/> that a socket with this id and these rooms would have got; false when some of them are forgotten, or the
    /// offset is none of this log's. Call under <see cref="Gate"/>.
    /// </summary>
    public bool TryGetMissed(long offset, string socketId, IReadOnlyCollection<string> rooms, [NotNullWhen(true)] out List<EncodedFrame>? missed)
    {
        missed = null;
        var forgotten = _last - _events.Count;
        if (offset < forgotten || offset > _last)
            return false;
        missed = [];
        foreach (var entry in _events.Skip((int)(offset - forgotten)))
        {
            if (entry.Selection.Matches(socketId, rooms))
                missed.Add(entry.Frame);
        }
        return true;
    }

    /// <summary>Reads the claim out of a client's <c>auth</c>. Anything else than two texts of ours is no claim, and no error .</summary>
    public bool TryReadClaim(JsonElement auth, out RecoveryClaim claim)
    {
        claim = default;
        if (!auth.TryGetProperty("pid", out var pid) || pid.ValueKind != JsonValueKind.String || !auth.TryGetProperty("offset", out var offset) || offset.ValueKind != JsonValueKind.String)
            return false;
        var text = offset.GetString()!;
        if (!text.StartsWith(nodeTag, StringComparison.Ordinal) || !long.TryParse(text.AsSpan(nodeTag.Length), NumberStyles.None, CultureInfo.InvariantCulture, out var number))
            return false;
        claim = new RecoveryClaim(pid.GetString()!, number);
        return true;
    }

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
    public LostSocket? Take(RecoveryClaim claim)
    {
        lock (Gate)
        {
            ForgetOld();
            return _lost.Remove(claim.Secret, out var lost) && TryGetMissed(claim.Offset, lost.Id, lost.Rooms, out _) ? lost : null;
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

    private readonly record struct Entry(EncodedFrame Frame, RoomSelection Selection, long At);
}
