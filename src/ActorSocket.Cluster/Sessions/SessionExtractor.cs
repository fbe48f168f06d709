using ActorSocket.Sessions;
using Akka.Cluster.Sharding;
using static ActorSocket.Clustering.ClusterProtocol;

namespace ActorSocket.Clustering;

/// <summary>Shard = node tag and a part of the id; entity = session id.</summary>
internal sealed class SessionExtractor : IMessageExtractor
{
    public static string ShardOf(string sid)
    {
        var tag = sid.AsSpan(0, Math.Min(IdGenerator.TagLength, sid.Length));
        return string.Concat(
            tag,
            "-",
            (sid[^1] % SessionSharding.ShardsPerNode).ToString(System.Globalization.CultureInfo.InvariantCulture)
        );
    }

    public string? EntityId(object message) => message switch
    {
        SessionProtocol.Open m => m.Connection.Sid,
        Packed { Entity.Length: > 0 } m => m.Entity,
        ISessionRequest m => m.Sid,
        _ => null,
    };

    public object EntityMessage(object message) => message is Packed packed ? packed.Unpack() : message;

    public string? ShardId(object message) => EntityId(message) is { Length: > 0 } sid ? ShardOf(sid) : null;

    public string ShardId(string entityId, object? messageHint = null) => ShardOf(entityId);
}
