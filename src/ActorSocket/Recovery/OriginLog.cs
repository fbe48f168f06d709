using System.Runtime.InteropServices;

namespace ActorSocket.Recovery;

/// <summary>
/// What came from outside to every node by itself, in one order for all: an emitter's messages by Redis. Each node counts these events as
/// its own, so that numbers say nothing of which of them a socket that changes nodes has had; what the last ones were, the same on both,
/// does. They are known by hashes of what was published, of which the two lowest bits say by which way.
/// </summary>
/// <remarks>Not thread-safe: used under its log's gate.</remarks>
internal sealed class OriginLog
{
    /// <summary>So far may one node be behind another.</summary>
    public const int Most = 1024;

    private const int Compared = 64; // of those before it: what is published often looks the same
    private readonly Queue<(long Origin, long Position)> _last = new();

    /// <summary>As they travel: those up to a position of the log.</summary>
    public byte[] ToBytes(long upTo = long.MaxValue) =>
        ToBytes(_last.Where(one => one.Position <= upTo).Select(static one => one.Origin));

    /// <summary>With those behind them that a socket has had elsewhere, and that are still to come here.</summary>
    public byte[] ToBytesWith(IEnumerable<long> ahead) => ToBytes(_last.Select(static one => one.Origin).Concat(ahead));

    /// <summary>By which way it came: what comes by one is in the same order for all nodes.</summary>
    public static long WayOf(long origin) => origin & 3;

    public static long[] Read(ReadOnlySpan<byte> bytes) => MemoryMarshal.Cast<byte, long>(bytes[..(bytes.Length & ~7)]).ToArray();

    public void Add(long origin, long position)
    {
        _last.Enqueue((origin, position));
        if (_last.Count > Most)
            _last.Dequeue();
    }

    /// <summary>What this log has behind the end of another one, and what the other one has behind the end of this.</summary>
    public OriginDifference Beyond(IReadOnlyList<long> others)
    {
        var (ends, ahead) = (new Dictionary<long, long>(), new List<long>());
        foreach (var way in others.Select(WayOf).Distinct())
        {
            var here = _last.Where(one => WayOf(one.Origin) == way).ToArray();
            var own = Array.ConvertAll(here, static one => one.Origin);
            var there = others.Where(one => WayOf(one) == way).ToArray();
            var (endHere, sure) = EndIn(own, there);
            var (endThere, surer) = EndIn(there, own);
            if (endThere >= 0 && surer > sure)
            {
                ends[way] = long.MaxValue;
                ahead.AddRange(there[(endThere + 1)..]);
            }
            else if (endHere >= 0)
            {
                ends[way] = endHere + 1 < here.Length ? here[endHere + 1].Position - 1 : long.MaxValue;
            }
        }
        return new OriginDifference(ends, ahead);
    }

    private static byte[] ToBytes(IEnumerable<long> origins) => MemoryMarshal.AsBytes<long>(origins.ToArray()).ToArray();

    /// <summary>Where in one list the last of another one stands, by what stands before it, and how much of that is the same.</summary>
    private static (int Index, int Sure) EndIn(long[] list, long[] other)
    {
        var (found, most) = (-1, 0);
        for (var i = list.Length - 1; i >= 0 && other.Length > 0; i--)
        {
            var same = 0;
            while (same < Compared && same <= i && same < other.Length && list[i - same] == other[^(same + 1)])
                same++;
            if (same > most)
                (found, most) = (i, same);
        }
        return (found, most);
    }
}

/// <param name="Ends">By way, the position after which are those that the other one has not got; none where nobody can say.</param>
/// <param name="Ahead">What it has that has not come here yet.</param>
internal sealed record OriginDifference(IReadOnlyDictionary<long, long> Ends, IReadOnlyList<long> Ahead)
{
    /// <summary>Whether the other one has not got an event of this log.</summary>
    /// <param name="origin">Which.</param>
    /// <param name="position">Where it is here.</param>
    /// <param name="otherwise">After which position it has not, where nobody can say.</param>
    public bool Lacks(long origin, long position, long otherwise) => position > Ends.GetValueOrDefault(OriginLog.WayOf(origin), otherwise);

    /// <summary>After which position something may be that it has not got.</summary>
    public long From(long otherwise) => Ends.Values.Append(otherwise).Min();
}
