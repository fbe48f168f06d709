using Akka.Actor;
using Akka.Cluster;
using Akka.Hosting;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using ActorSocket.Diagnostics;
using ActorSocket.Entities;
using ActorSocket.Hosting;

namespace ActorSocket.Clustering;

/// <summary>Makes the servers of this host parts of the cluster that their actor system is a node of. Where it is none they stay alone.</summary>
internal sealed class ClusterExtension(
    IOptions<ActorSocketClusterOptions> options, ClusterMetrics metrics, ILoggerFactory loggers, TimeProvider time, SeedLookUp? lookUp = null) : IServerExtension
{
    public void Configure(AkkaConfigurationBuilder akka)
    {
        if (options.Value.IsEnabled)
            akka.WithActorSocketCluster(options.Value);
    }

    public void Attach(ServerServices server, ActorSystem system)
    {
        if (((ExtendedActorSystem)system).Provider is not ClusterActorRefProvider)
            return;
        AddSerializer((ExtendedActorSystem)system);
        _ = new ClusterNode(server, options.Value, metrics, system); // takes its place in the server's context
    }

    public void OnStarted(ActorSystem system, CancellationToken stopping)
    {
        if (!options.Value.IsEnabled || ((ExtendedActorSystem)system).Provider is not ClusterActorRefProvider)
            return;
        var log = new BoundedLogger(loggers.CreateLogger("ActorSocket"), time);
        new ClusterJoin(Akka.Cluster.Cluster.Get(system), options.Value, lookUp ?? SeedLookUp.Dns, log, time).Start(stopping);
    }

    /// <summary>In code, since an application's own cluster has not our HOCON.</summary>
    internal static void AddSerializer(ExtendedActorSystem system)
    {
        if (system.Serialization.FindSerializerForType(typeof(Packed)) is ClusterSerializer)
            return; // of another server in the same system
        var serializer = new ClusterSerializer(system);
        system.Serialization.AddSerializer("actorsocket", serializer);
        foreach (var type in (Type[])[typeof(IClusterMessage), typeof(Packed), typeof(EntityCall), typeof(EntityAnswer)])
            system.Serialization.AddSerializationMap(type, serializer);
    }
}
