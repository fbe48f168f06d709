using System.Buffers.Text;
using System.Security.Cryptography;

namespace ActorSocket.Sessions;

/// <summary>
/// Makes session and socket ids: the tag of the node they were born on, then 132 bits from a CSPRNG, all URL-safe. The tag stands for one incarnation of
/// the process, so an id of a node that restarted is unknown at once; in a cluster it says where the connection lives.
/// </summary>
internal sealed class IdGenerator
{
    private const int TagLength = 6;
    private const int RandomLength = 22;
    private const string Alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

    public string NodeTag { get; } = RandomNumberGenerator.GetString(Alphabet, TagLength);

    public string Next() => string.Create(TagLength + RandomLength, NodeTag, static (id, tag) =>
    {
        tag.CopyTo(id);
        Span<byte> random = stackalloc byte[17];
        RandomNumberGenerator.Fill(random);
        Span<char> encoded = stackalloc char[24];
        Base64Url.EncodeToChars(random, encoded);
        encoded[..RandomLength].CopyTo(id[TagLength..]);
    });
}
