using ActorSocket.Entities;
using ActorSocket.Hosting;
using ActorSocket.Sockets;
using Akka.Actor;
using Akka.Hosting;
using Microsoft.Data.Sqlite;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Options;

namespace ActorSocket.Persistence;

/// <summary>Gives the servers of this host a store for their entities.</summary>
internal sealed class PersistenceExtension(IOptions<ActorSocketPersistenceOptions> options, IHostEnvironment environment) : IServerExtension
{
    private readonly List<IEntityStore> _stores = [];

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
        var connection = store.ConnectionString
            ?? new SqliteConnectionStringBuilder { DataSource = Path.Combine(environment.ContentRootPath, "actorsocket.db") }.ToString();
        var isFile = store.SnapshotStore is null && store.Provider == ActorSocketPersistenceOptions.Sqlite;
        if (isFile)
            WriteAhead(connection);
        ((ExtendedActorSystem)system).Settings.InjectTopLevelFallback(StoreHocon.Render(store, connection));
        var states = new SnapshotEntityStore(
            server,
            system,
            store.SnapshotStore ?? StoreHocon.Name,
            store.Timeout,
            atOnce: isFile ? 1 : 32
        );
        server.Entities.Store = states;
        _stores.Add(states);
    }

    /// <summary>
    /// The first question of all compiles and connects, which takes seconds where there is little processor: no user waits for it.
    /// </summary>
    public void OnStarted(ActorSystem system, CancellationToken stopping)
    {
        foreach (var store in _stores)
            _ = AskAsync(store);

        static async Task AskAsync(IEntityStore store)
        {
            Task asking = store.LoadAsync(new EntityKey("", ""));
            await asking.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing); // who needs the store says why it fails
        }
    }

    /// <summary>
    /// Has SQLite write a log ahead: a save then waits once for the disk instead of three times, and is as durable. The file keeps it so.
    /// </summary>
    private static void WriteAhead(string connectionString)
    {
        try
        {
            using var connection = new SqliteConnection(connectionString);
            connection.Open();
            using var command = connection.CreateCommand();
            command.CommandText = "PRAGMA journal_mode = WAL";
            command.ExecuteNonQuery();
        }
        catch (SqliteException)
        {
            // Whoever needs the file says so.
        }
    }
}
