using ActorSocket.Hosting;
using ActorSocket.Sockets;
using Akka.Actor;
using Akka.Cluster;
using Akka.Hosting;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;

namespace ActorSocket.Clustering;

/// <summary>
/// Makes the servers of this host parts of the cluster that their actor system is a node of. Where it is none they stay alone.
/// </summary>
internal sealed class ClusterExtension(
    IOptions<ActorSocketClusterOptions> options,
    ClusterMetrics metrics,
    ClusterGauges gauges,
    ILoggerFactory loggers,
    TimeProvider time,
    SeedLookUp? lookUp = null
) : IServerExtension
{
    public void Configure(AkkaConfigurationBuilder akka)
    {
        if (options.Value.IsEnabled)
            akka.WithActorSocketCluster(options.Value, "actorsocket"); // as AddActorSocket names it
    }

    public void Attach(ServerServices server, ActorSystem system)
    {
        if (((ExtendedActorSystem)system).Provider is not ClusterActorRefProvider)
            return;
        if (((ExtendedActorSystem)system).Serialization.FindSerializerForType(typeof(Packed)) is not ClusterSerializer)
        {
            throw new InvalidOperationException(
                "The application's own cluster does not know how ActorSocket's messages travel: call akka.WithActorSocketCluster() in "
                + "AddAkka, beside akka.WithActorSocket()."
            );
        }
        _ = new ClusterAdapter(server, options.Value, metrics, gauges, system); // takes its place in the server's context
    }

    public void OnStarted(ActorSystem system, CancellationToken stopping)
    {
        if (!options.Value.IsEnabled || ((ExtendedActorSystem)system).Provider is not ClusterActorRefProvider)
            return;
        new ClusterJoin(
            Akka.Cluster.Cluster.Get(system),
            options.Value,
            lookUp ?? SeedLookUp.Dns,
            loggers.CreateLogger("ActorSocket"),
            time
        ).Start(stopping);
    }
}
