using ActorSocket.Protocol.Records;

namespace ActorSocket.Recovery;

/// <summary>A version vector: of each node, by its tag, the number of the last of its events that somebody has. How it travels.</summary>
internal static class VersionVector
{
    public static void Write(WireWriter wire, KeyValuePair<string, long> version) => wire.Text(version.Key).Number(version.Value);

    public static Dictionary<string, long> Read(ref WireReader wire)
    {
        var versions = new Dictionary<string, long>(StringComparer.Ordinal);
        foreach (var (tag, number) in wire.Records(ReadOne))
            versions[tag] = number;
        return versions;
    }

    private static KeyValuePair<string, long> ReadOne(ref WireReader wire) => new(wire.Text(), wire.Number());
}
