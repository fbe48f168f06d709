using System.Buffers;
using System.Text;
using System.Text.Unicode;

namespace ActorSocket.Protocol;

/// <summary>
/// Names that the application registered (events, namespaces), found by their UTF-8 bytes without making a string. A cache of fixed size: a
/// name that is not, or no more, in it costs a string each time it comes, and nothing else. So neither a client nor an application that
/// makes names for ever can make it grow.
/// </summary>
/// <remarks>Any thread; no lock. Two that register at once may lose one.</remarks>
internal sealed class NameTable
{
    private const int Sets = 256; // a power of two
    private const int Ways = 4; // names of one hash that have room beside each other
    private const int MaxBytes = 256; // what ProtocolLimits lets a client send

    private readonly Entry?[] _entries = new Entry?[Sets * Ways];
    private int _next;

    public void Register(string name)
    {
        Span<byte> buffer = stackalloc byte[MaxBytes];
        if (Utf8.FromUtf16(name, buffer, out _, out var length, replaceInvalidSequences: false) != OperationStatus.Done)
            return; // too long, or no text: no client can send it
        ReadOnlySpan<byte> utf8 = buffer[..length];
        var hash = Hash(utf8);
        var set = SetOf(hash);
        var way = -1;
        for (var i = 0; i < Ways; i++)
        {
            if (Volatile.Read(ref _entries[set + i]) is not { } entry)
                way = way < 0 ? i : way;
            else if (entry.Is(hash, utf8))
                return;
        }
        if (way < 0)
            way = Interlocked.Increment(ref _next) & (Ways - 1);
        Volatile.Write(ref _entries[set + way], new Entry(hash, utf8.ToArray(), name));
    }

    public string Get(ReadOnlySpan<byte> utf8)
    {
        var hash = Hash(utf8);
        var set = SetOf(hash);
        for (var i = 0; i < Ways; i++)
        {
            if (Volatile.Read(ref _entries[set + i]) is { } entry && entry.Is(hash, utf8))
                return entry.Name;
        }
        return Encoding.UTF8.GetString(utf8);
    }

    private static int SetOf(uint hash) => (int)((hash ^ (hash >> 16)) & (Sets - 1)) * Ways;

    private static uint Hash(ReadOnlySpan<byte> utf8)
    {
        var hash = 2166136261u; // FNV-1a
        foreach (var b in utf8)
            hash = (hash ^ b) * 16777619;
        return hash;
    }

    private sealed class Entry(uint hash, byte[] utf8, string name)
    {
        public string Name => name;

        public bool Is(uint otherHash, ReadOnlySpan<byte> other) => hash == otherHash && other.SequenceEqual(utf8);
    }
}
