using ActorSocket.Entities;
using ActorSocket.Hosting;
using ActorSocket.Sockets;
using Akka.Actor;
using Akka.Hosting;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Options;

namespace ActorSocket.Persistence;

/// <summary>Gives the servers of this host a store for their entities.</summary>
internal sealed class PersistenceExtension(IOptions<ActorSocketPersistenceOptions> options, IHostEnvironment environment) : IServerExtension
{
    public void Configure(AkkaConfigurationBuilder akka)
    {
    }

    public void Attach(ServerServices server, ActorSystem system)
    {
        var store = options.Value;
        var isCluster = ((ExtendedActorSystem)system).Provider.GetType().Name == "ClusterActorRefProvider"; // without Akka.Cluster
        if (isCluster && store.SnapshotStore is null && store.ConnectionString is null)
        {
            throw new InvalidOperationException(
                "The nodes of a cluster share one store for their entities, and the default is a file of each: call, for example, "
                + "AddPersistence(store => store.UsePostgreSql(connectionString))."
            );
        }
        var connection = store.ConnectionString ?? $"Data Source={Path.Combine(environment.ContentRootPath, "actorsocket.db")}";
        ((ExtendedActorSystem)system).Settings.InjectTopLevelFallback(StoreHocon.Render(store, connection));
        server.Entities.Store = new SnapshotEntityStore(server, system, store.SnapshotStore ?? StoreHocon.Name, store.Timeout);
    }

    public void OnStarted(ActorSystem system, CancellationToken stopping)
    {
    }
}
