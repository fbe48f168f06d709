using System.Text;

namespace ActorSocket.Protocol;

/// <summary>
/// The names that the application registered (events, namespaces), found by their UTF-8 bytes without making a string. Only the application adds to it,
/// so a client cannot make it grow.
/// </summary>
/// <remarks>Any thread; readers take no lock.</remarks>
internal sealed class NameTable
{
    private readonly Lock _gate = new();
    private Dictionary<string, byte[]> _names = new(StringComparer.Ordinal);
    private Dictionary<int, (byte[] Utf8, string Name)[]> _byHash = [];

    public void Register(string name)
    {
        if (Volatile.Read(ref _names).ContainsKey(name))
            return;
        lock (_gate)
        {
            if (_names.ContainsKey(name))
                return;
            var utf8 = Encoding.UTF8.GetBytes(name);
            var hash = Hash(utf8);
            var byHash = new Dictionary<int, (byte[], string)[]>(_byHash);
            byHash[hash] = byHash.TryGetValue(hash, out var same) ? [.. same, (utf8, name)] : [(utf8, name)];
            Volatile.Write(ref _byHash, byHash);
            Volatile.Write(ref _names, new Dictionary<string, byte[]>(_names, StringComparer.Ordinal) { [name] = utf8 });
        }
    }

    public string Get(ReadOnlySpan<byte> utf8)
    {
        if (Volatile.Read(ref _byHash).TryGetValue(Hash(utf8), out var candidates))
        {
            foreach (var (bytes, name) in candidates)
            {
                if (utf8.SequenceEqual(bytes))
                    return name;
            }
        }
        return Encoding.UTF8.GetString(utf8);
    }

    private static int Hash(ReadOnlySpan<byte> utf8)
    {
        var hash = 2166136261u; // FNV-1a
        foreach (var b in utf8)
            hash = (hash ^ b) * 16777619;
        return (int)hash;
    }
}
