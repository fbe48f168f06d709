using System.Globalization;
using System.Security.Cryptography;
using System.Text;

namespace ActorSocket.Entities;

/// <summary>
/// The secret by which a client has a seat, <c>number.random</c>. What is kept is its digest, as of any bearer token: who reads the store
/// cannot sit down by that. It is as random as the digest is long enough for, so it needs no salt, and no slow function.
/// </summary>
internal static class SeatToken
{
    private const string Alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
    private const int RandomLength = 22; // 132 bits
    private const int MaxLength = 19 + 1 + RandomLength;

    public static string New(long number) =>
        string.Create(CultureInfo.InvariantCulture, $"{number}.{RandomNumberGenerator.GetString(Alphabet, RandomLength)}");

    /// <summary>Which seat it is of, if it is one's at all.</summary>
    public static bool TryReadNumber(string token, out long number)
    {
        number = 0;
        var dot = token.Length <= MaxLength ? token.IndexOf('.', StringComparison.Ordinal) : -1;
        return dot > 0 && long.TryParse(token.AsSpan(0, dot), NumberStyles.None, CultureInfo.InvariantCulture, out number);
    }

    public static byte[] DigestOf(string token) => SHA256.HashData(Encoding.UTF8.GetBytes(token));
}
