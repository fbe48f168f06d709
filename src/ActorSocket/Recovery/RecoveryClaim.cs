using System.Globalization;
using System.Text.Json;
using ActorSocket.Sessions;

namespace ActorSocket.Recovery;

/// <summary>
/// What a client says of itself to get its socket back: its secret, and the last event it saw as the node with this tag counts them. A client that has never seen one
/// says no offset: the tag is empty, the offset -1.
/// </summary>
internal readonly record struct RecoveryClaim(string Secret, string OffsetTag, long Offset)
{
    private const int SecretLength = 28;

    /// <summary>The node that counted the last event it saw; else the one that made the secret.</summary>
    public string HomeTag => OffsetTag.Length > 0 ? OffsetTag : Secret[..IdGenerator.TagLength];

    /// <summary>
    /// Reads the claim out of a client's <c>auth</c>. Anything else than texts of ours is no claim, and no error: an application may well have a <c>pid</c> of its own.
    /// </summary>
    public static bool TryRead(JsonElement auth, out RecoveryClaim claim)
    {
        claim = default;
        if (auth.ValueKind is not JsonValueKind.Object || !auth.TryGetProperty("pid", out var pid) || pid.ValueKind != JsonValueKind.String || pid.GetString() is not { Length: SecretLength } secret)
            return false;
        if (!auth.TryGetProperty("offset", out var offset))
        {
            claim = new RecoveryClaim(secret, "", -1);
            return true;
        }
        if (offset.ValueKind != JsonValueKind.String)
            return false;
        var text = offset.GetString()!;
        if (text.Length <= IdGenerator.TagLength || !long.TryParse(text.AsSpan(IdGenerator.TagLength), NumberStyles.None, CultureInfo.InvariantCulture, out var number))
            return false;
        claim = new RecoveryClaim(secret, text[..IdGenerator.TagLength], number);
        return true;
    }
}

/// <summary>
/// Where in its node's log a socket begins, for a client that has seen nothing of it since. Every event that a client takes an offset from bears one of ours; but a copy of the
/// socket may be old, and the client may have been on other nodes since. So another node's offset counts only if it is the very one that the client came with.
/// </summary>
/// <param name="OffsetTag">With <paramref name="Offset"/>, the offset that the client came with, or of the last event that it was told when it came.</param>
/// <param name="Offset">See there.</param>
/// <param name="Position">What was emitted up to it, the client has not to be told, or has been.</param>
internal readonly record struct RecoveryStart(string OffsetTag, long Offset, long Position)
{
    /// <summary>Whether the socket began in this log: an offset of this log's before the position then says that its client has seen nothing of it.</summary>
    public bool IsNew { get; init; }

    /// <summary>Of a socket that came from another node: how many of each node's events its client had by then. Some may not have come here yet; null for none.</summary>
    public IReadOnlyDictionary<string, long>? Known { get; init; }

    /// <summary>A new socket, and what its client came with: it may well have the offset that its last socket left it with.</summary>
    public static RecoveryStart New(long position, RecoveryClaim? cameWith) => new(cameWith?.OffsetTag ?? "", cameWith?.Offset ?? -1, position) { IsNew = true };

    /// <summary>
    /// The client is told of events, the first with the offset of this position or a later one, and only then that it is recovered: until it has that, nobody can say which of
    /// them it has. The official client keeps them, hands them on when it is connected the next time, and says an offset from before them all the while.
    /// </summary>
    public RecoveryStart Telling(long position) => new("", 0, position) { Known = Known };

    /// <summary>From where on the client has to be told; null when that cannot be said.</summary>
    public long? PositionOf(in RecoveryClaim claim, string nodeTag)
    {
        if (string.Equals(claim.OffsetTag, nodeTag, StringComparison.Ordinal))
        {
            if (claim.Offset >= Position)
                return claim.Offset;
            if (IsNew)
                return Position;
        }
        return string.Equals(claim.OffsetTag, OffsetTag, StringComparison.Ordinal) && claim.Offset == Offset ? Position : null;
    }
}
