using System.Globalization;
using System.Text.Json;
using ActorSocket.Sessions;

namespace ActorSocket.Recovery;

/// <summary>
/// What a client says of itself to get its socket back: its secret, and the last event it saw as the node with this tag counts
/// them. A client that has never seen one says no offset, or null: the tag is empty, the offset -1.
/// </summary>
internal readonly record struct RecoveryClaim(string Secret, string OffsetTag, long Offset)
{
    private const int SecretLength = 28;

    /// <summary>The node that counted the last event it saw; else the one that made the secret.</summary>
    public string HomeTag => OffsetTag.Length > 0 ? OffsetTag : Secret[..IdGenerator.TagLength];

    /// <summary>
    /// Reads the claim out of a client's <c>auth</c>. Anything else than texts of ours is no claim, and no error: an application
    /// may well have a <c>pid</c> of its own.
    /// </summary>
    public static bool TryRead(JsonElement auth, out RecoveryClaim claim)
    {
        claim = default;
        if (
            auth.ValueKind is not JsonValueKind.Object
            || !auth.TryGetProperty("pid", out var pid)
            || pid.ValueKind != JsonValueKind.String
            || pid.GetString() is not { Length: SecretLength } secret
        )
            return false;
        if (!auth.TryGetProperty("offset", out var offset) || offset.ValueKind == JsonValueKind.Null)
        {
            claim = new RecoveryClaim(secret, "", -1);
            return true;
        }
        if (offset.ValueKind != JsonValueKind.String)
            return false;
        var text = offset.GetString()!;
        if (
            text.Length <= IdGenerator.TagLength
            || !long.TryParse(text.AsSpan(IdGenerator.TagLength), NumberStyles.None, CultureInfo.InvariantCulture, out var number)
        )
            return false;
        claim = new RecoveryClaim(secret, text[..IdGenerator.TagLength], number);
        return true;
    }
}
