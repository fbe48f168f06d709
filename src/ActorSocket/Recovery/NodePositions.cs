using ActorSocket.Protocol.Records;

namespace ActorSocket.Recovery;

/// <summary>Of each node, by its tag, the number of an event that it emitted: how that travels.</summary>
internal static class NodePositions
{
    public static void Write(WireWriter wire, KeyValuePair<string, long> position) => wire.Text(position.Key).Number(position.Value);

    public static Dictionary<string, long> Read(ref WireReader wire)
    {
        var positions = new Dictionary<string, long>(StringComparer.Ordinal);
        foreach (var (tag, number) in wire.Records(ReadOne))
            positions[tag] = number;
        return positions;
    }

    private static KeyValuePair<string, long> ReadOne(ref WireReader wire) => new(wire.Text(), wire.Number());
}
