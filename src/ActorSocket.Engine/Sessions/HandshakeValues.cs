using System.Collections;
using System.Collections.Concurrent;
using System.Diagnostics.CodeAnalysis;

namespace ActorSocket.Sessions;

/// <summary>
/// The headers or the query of a handshake, kept for as long as the connection: an array that is searched from its start. A dictionary of
/// so few would take three times the memory.
/// </summary>
internal sealed class HandshakeValues(KeyValuePair<string, string>[] values, StringComparison comparison)
    : IReadOnlyDictionary<string, string>
{
    private const int MaxKnownNames = 256; // clients choose names

    private static readonly ConcurrentDictionary<string, string> LowerCaseNames = new(StringComparer.Ordinal);

    public static HandshakeValues None { get; } = new([], StringComparison.Ordinal);

    public int Count => values.Length;

    public IEnumerable<string> Keys => values.Select(static pair => pair.Key);

    public IEnumerable<string> Values => values.Select(static pair => pair.Value);

    public string this[string key] =>
        TryGetValue(key, out var value) ? value : throw new KeyNotFoundException($"'{key}' is not among them.");

    /// <summary>A header's name in lower case, the same string for all connections.</summary>
    public static string LowerCase(string name)
    {
        if (LowerCaseNames.TryGetValue(name, out var known))
            return known;
        var lower = name.ToLowerInvariant();
        if (LowerCaseNames.Count < MaxKnownNames)
            LowerCaseNames.TryAdd(name, lower);
        return lower;
    }

    public bool ContainsKey(string key) => TryGetValue(key, out _);

    public bool TryGetValue(string key, [MaybeNullWhen(false)] out string value)
    {
        ArgumentNullException.ThrowIfNull(key);
        foreach (var pair in values)
        {
            if (string.Equals(pair.Key, key, comparison))
            {
                value = pair.Value;
                return true;
            }
        }
        value = null;
        return false;
    }

    public IEnumerator<KeyValuePair<string, string>> GetEnumerator() => values.AsEnumerable().GetEnumerator();

    IEnumerator IEnumerable.GetEnumerator() => GetEnumerator();
}
