namespace ActorSocket;

/// <summary>
/// How this process becomes a node of a cluster; bound from the configuration section <c>ActorSocket:Cluster</c>. Without a
/// <see cref="Port"/> there is no cluster.
/// </summary>
public sealed class ActorSocketClusterOptions
{
    /// <summary>The port for other nodes; null, the default, for no cluster. 0 takes a free one, for tests.</summary>
    public int? Port { get; set; }

    /// <summary>
    /// The address or name that this node listens on, and unless <see cref="PublicHostname"/> is set, that other nodes reach it by.
    /// <c>127.0.0.1</c>: in production a private address. Whoever reaches this port is trusted as a node, so use <see cref="Tls"/> where
    /// the network is not.
    /// </summary>
    public string Hostname { get; set; } = "127.0.0.1";

    /// <summary>
    /// What other nodes reach this one by, where it differs from <see cref="Hostname"/>: a container's service name, say. Null, the
    /// default, with <see cref="SeedDns"/> and a <see cref="Hostname"/> of <c>0.0.0.0</c> or <c>::</c>: the machine's own address, that of
    /// the interface with the default gateway where it has several.
    /// </summary>
    public string? PublicHostname { get; set; }

    /// <summary>The port that other nodes reach this one by, where it differs from <see cref="Port"/>.</summary>
    public int? PublicPort { get; set; }

    /// <summary>
    /// Nodes to join by, each <c>host:port</c>; the same list on every node. The first of them forms the cluster when none is there.
    /// </summary>
    public IList<string> SeedNodes { get; } = [];

    /// <summary>
    /// A DNS name whose addresses are the nodes, as a headless service of Kubernetes has it; takes the place of <see cref="SeedNodes"/>.
    /// All nodes use the same port (<see cref="PublicPort"/> or <see cref="Port"/>), and their <see cref="PublicHostname"/> is their
    /// address.
    /// </summary>
    public string? SeedDns { get; set; }

    /// <summary>
    /// How long the membership must be unchanged before the split-brain resolver decides who goes on: then the side without the majority
    /// ends itself. 7 seconds, which makes about 20 seconds from a crash to a cluster that is whole again.
    /// </summary>
    public TimeSpan StableAfter { get; set; } = TimeSpan.FromSeconds(7);

    /// <summary>
    /// How long a socket's join of a room waits for the nodes to confirm it, at most. A node that has not by then is told again; what it
    /// emits before may miss the socket. 1 second.
    /// </summary>
    public TimeSpan JoinTimeout { get; set; } = TimeSpan.FromSeconds(1);

    /// <summary>
    /// How long <c>FetchSocketsAsync</c> and the like wait for other nodes, unless told otherwise. 5 seconds. Official:
    /// <c>requestsTimeout</c>.
    /// </summary>
    public TimeSpan RequestTimeout { get; set; } = TimeSpan.FromSeconds(5);

    /// <summary>
    /// The most bytes of states that this node keeps for entities that move between others. Each is kept by two nodes until it has been
    /// taken, soon after. Where none has room, the entity is told that its state is lost (<see cref="EntityOrigin.Lost"/>). 64 MiB.
    /// </summary>
    public long MaxEntityStateBytes { get; set; } = 64 * 1024 * 1024;

    /// <summary>Mutual TLS between the nodes; null, the default, for none.</summary>
    public ActorSocketClusterTls? Tls { get; set; }

    internal bool IsEnabled => Port is not null;

    /// <summary>It listens on every address, and does not say which one others reach it by.</summary>
    internal bool IsPublicHostnameMissing => Hostname is "0.0.0.0" or "::" or "*" && PublicHostname is null;
}

/// <summary>Mutual TLS between the nodes of a cluster.</summary>
public sealed class ActorSocketClusterTls
{
    /// <summary>
    /// A PKCS #12 file with this node's certificate and key. Nodes accept certificates that chain to one that their machine trusts.
    /// </summary>
    public string CertificatePath { get; set; } = "";

    /// <summary>The file's password.</summary>
    public string CertificatePassword { get; set; } = "";

    /// <summary>Whether certificates are accepted that chain to nothing trusted: for tests.</summary>
    public bool AcceptAnyCertificate { get; set; }

    /// <summary>Whether a node's certificate must name the host it is reached by.</summary>
    public bool ValidateHostname { get; set; }
}
