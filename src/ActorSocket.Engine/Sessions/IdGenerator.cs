using System.Buffers.Text;
using System.Security.Cryptography;
using System.Text;

namespace ActorSocket.Sessions;

/// <summary>
/// Makes session and socket ids: the tag of the node they were born on, then 132 bits from a CSPRNG, all URL-safe. The tag stands for one
/// incarnation of the process, so an id of a node that restarted is unknown at once; in a cluster it says where the connection lives.
/// </summary>
internal sealed class IdGenerator
{
    public const int TagLength = 6;
    private const int RandomLength = 22;
    private const int CheckLength = 8;
    private const string Alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

    public string NodeTag { get; } = RandomNumberGenerator.GetString(Alphabet, TagLength);

    /// <summary>What this node's session ids are signed with; its peers get it, to tell a forged id without asking.</summary>
    public byte[] Key { get; } = RandomNumberGenerator.GetBytes(32);

    public string Next() => string.Create(TagLength + RandomLength, NodeTag, static (id, tag) =>
    {
        tag.CopyTo(id);
        Span<byte> random = stackalloc byte[17];
        RandomNumberGenerator.Fill(random);
        Span<char> encoded = stackalloc char[24];
        Base64Url.EncodeToChars(random, encoded);
        encoded[..RandomLength].CopyTo(id[TagLength..]);
    });

    /// <summary>A session id for a cluster: it ends in a check, so that nobody can make up one that sends a node looking for it.</summary>
    /// <param name="own">The application's own id; null for a random one.</param>
    public string NextSigned(string? own = null)
    {
        var id = own is null ? Next() : NodeTag + own;
        return id + Check(id, Key);
    }

    public static bool IsGenuine(ReadOnlySpan<char> signed, ReadOnlySpan<byte> key) =>
        signed.Length > TagLength + CheckLength && signed[^CheckLength..].SequenceEqual(Check(signed[..^CheckLength], key));

    private static string Check(ReadOnlySpan<char> id, ReadOnlySpan<byte> key)
    {
        var text = new byte[Encoding.UTF8.GetByteCount(id)];
        Encoding.UTF8.GetBytes(id, text);
        Span<byte> hash = stackalloc byte[32];
        HMACSHA256.HashData(key, text, hash);
        return Base64Url.EncodeToString(hash[..(CheckLength * 3 / 4)]);
    }
}
