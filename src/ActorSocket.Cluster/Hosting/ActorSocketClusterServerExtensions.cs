using ActorSocket.Clustering;

namespace ActorSocket;

/// <summary>What a server knows of its cluster.</summary>
public static class ActorSocketClusterServerExtensions
{
    extension(ActorSocketServer server)
    {
        /// <summary>The nodes of the cluster as this one sees them, itself included; empty without a cluster.</summary>
        public IReadOnlyList<ClusterMember> ClusterMembers =>
            server.Server.Adapter is ClusterAdapter node ? [.. node.Members] : [];
    }
}
