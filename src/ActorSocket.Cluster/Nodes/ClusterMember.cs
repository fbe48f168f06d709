namespace ActorSocket;

/// <summary>A node of the cluster, as another one sees it.</summary>
/// <param name="Address">Akka's address of it.</param>
/// <param name="Status">Joining, WeaklyUp, Up, Leaving, Exiting or Down.</param>
/// <param name="IsReachable">Whether it answers heartbeats.</param>
/// <param name="IsSelf">Whether it is the node that was asked.</param>
public sealed record ClusterMember(string Address, string Status, bool IsReachable, bool IsSelf);
