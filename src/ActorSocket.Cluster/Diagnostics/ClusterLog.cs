using Microsoft.Extensions.Logging;

namespace ActorSocket.Clustering;

/// <summary>
/// What the cluster logs, under the same rules as <see cref="ActorSocket.Diagnostics.Log"/>, with whose ids its own make one sequence.
/// </summary>
internal static partial class ClusterLog
{
    [LoggerMessage(
        20,
        LogLevel.Information,
        "The cluster port is bound to {Hostname}:{Port}, {Tls}; other nodes know this one as {Address}. Whoever reaches it is trusted as "
        + "a node."
    )]
    public static partial void ClusterBound(this ILogger log, string hostname, int port, string address, string tls);

    [LoggerMessage(
        21,
        LogLevel.Warning,
        "The cluster port listens on {Hostname}, which is no private address, without TLS: set ActorSocket:Cluster:Hostname to a private "
        + "one, or ActorSocket:Cluster:Tls."
    )]
    public static partial void ClusterPortOpen(this ILogger log, string hostname);

    [LoggerMessage(22, LogLevel.Warning, "No node was found by the name {Name} ({Error}); asking again.")]
    public static partial void SeedLookUpFailed(this ILogger log, string name, string error);

    [LoggerMessage(23, LogLevel.Information, "Met the node at {Address}, whose ids begin with {Tag}.")]
    public static partial void PeerMet(this ILogger log, string address, string tag);

    [LoggerMessage(
        24,
        LogLevel.Error,
        "The node at {Address} cannot work with this one: its protocol is {Version} with parser {Parser}, this node's {OwnVersion} with "
        + "{OwnParser}. They must be the same; nothing is sent to it."
    )]
    public static partial void PeerRefused(this ILogger log, string address, int version, string parser, int ownVersion, string ownParser);

    [LoggerMessage(
        25,
        LogLevel.Warning,
        "The node at {Address} sends messages that this version does not know (the first: {Manifest}); they are ignored. A newer version?"
    )]
    public static partial void UnknownClusterMessage(this ILogger log, string address, string manifest);

    [LoggerMessage(
        28,
        LogLevel.Warning,
        "The address of this node, {Address}, is not among those of {Name}, so it cannot form a cluster, only join one. Set "
        + "ActorSocket:Cluster:PublicHostname to the address that the name stands for."
    )]
    public static partial void SelfNotFound(this ILogger log, string address, string name);

    [LoggerMessage(30, LogLevel.Critical, "The node at {Address} has downed this one and takes nothing from it any more: this node ends.")]
    public static partial void Quarantined(this ILogger log, string address);

    [LoggerMessage(
        31,
        LogLevel.Warning,
        "The node {Tag} does not take the copy of what clients of this one may recover: should this node crash, they start anew."
    )]
    public static partial void ReplicaFails(this ILogger log, string tag);

    [LoggerMessage(
        40,
        LogLevel.Warning,
        "This node has no room for the state of a \"{Type}\" of {Bytes} bytes that moves: it keeps {Kept} bytes of at most {Limit}, "
        + "ActorSocket:Cluster:MaxEntityStateBytes. "
            + "Another node was asked. Counted from now on (actorsocket.cluster.refused_entity_states)."
    )]
    public static partial void EntityStateRefused(this ILogger log, string type, int bytes, long kept, long limit);

    [LoggerMessage(
        41,
        LogLevel.Error,
        "The states of {Count} entities, {Bytes} bytes, are lost: this node has left, and no other one had room for them "
        + "(ActorSocket:Cluster:MaxEntityStateBytes) or all leave."
    )]
    public static partial void EntityStatesLost(this ILogger log, long count, long bytes);
}
