using ActorSocket.Sockets;

namespace ActorSocket.Clustering;

/// <summary>
/// What the parts of the cluster share on one node: one for each server. It stands below all of them, so that none needs the
/// <see cref="ClusterAdapter"/> that puts them together.
/// </summary>
internal sealed class NodeServices
{
    public NodeServices(ServerServices server, ActorSocketClusterOptions options, ClusterMetrics metrics)
    {
        (Server, Options, Metrics) = (server, options, metrics);
        Requests = new ClusterRequests(Peers, server.Time);
    }

    public ServerServices Server { get; }

    public ActorSocketClusterOptions Options { get; }

    public ClusterMetrics Metrics { get; }

    /// <summary>What the ids of this node begin with.</summary>
    public string Tag => Server.Engine.Ids.NodeTag;

    public PeerTable Peers { get; } = new();

    public ClusterRequests Requests { get; }
}
