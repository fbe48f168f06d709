using ActorSocket.Entities;
using Microsoft.Extensions.DependencyInjection;

namespace ActorSocket.IntegrationTests.Persistence;

/// <summary>A database of SQLite for one test, and nodes that keep their entities in it.</summary>
internal sealed class StoreFile : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("actorsocket-").FullName;

    public StoreFile() => Path = System.IO.Path.Combine(_folder, "entities.db");

    public string Path { get; }

    /// <summary>One node without a cluster.</summary>
    public Task<EntityNode<TEntity>> StartAsync<TEntity>(Action<EntityOptions> configure, string type = "lobby")
        where TEntity : RoomEntity => StartAsync<TEntity>(static cluster => cluster.Port = null, configure, type);

    /// <summary>One of a cluster.</summary>
    public Task<EntityNode<TEntity>> StartNodeAsync<TEntity>(Node? first, Action<EntityOptions> configure)
        where TEntity : RoomEntity =>
        StartAsync<TEntity>(
            cluster =>
            {
                cluster.StableAfter = TimeSpan.FromSeconds(2);
                if (first is not null)
                    cluster.SeedNodes.Add(first.Seed);
            },
            configure,
            "lobby",
            "akka.coordinated-shutdown.run-by-actor-system-terminate = off, akka.cluster.sharding.rebalance-interval = 1s"
        );

    private async Task<EntityNode<TEntity>> StartAsync<TEntity>(
        Action<ActorSocketClusterOptions> cluster, Action<EntityOptions> configure, string type, string? hocon = null)
        where TEntity : RoomEntity
    {
        RoomEntities<TEntity> entities = null!;
        var node = await Node.StartAsync(
            cluster,
            io => entities = io.MapEntities<TEntity>(type, configure),
            services => services.AddActorSocket().AddPersistence(store => store.UseSqlite(Path)),
            hocon: hocon
        );
        return new EntityNode<TEntity>(node, entities);
    }

    public void Dispose() => Directory.Delete(_folder, recursive: true);
}

/// <summary>A node, and its entities.</summary>
internal sealed record EntityNode<TEntity>(Node Node, RoomEntities<TEntity> Entities) : IAsyncDisposable
    where TEntity : RoomEntity
{
    public ValueTask DisposeAsync() => Node.DisposeAsync();
}

/// <summary>A store in front of the node's own, which can be taken away, and counts.</summary>
internal sealed class WatchedStore(IEntityStore inner) : IEntityStore
{
    private int _saves;
    private TaskCompletionSource? _deletions;

    public static WatchedStore Of(Node node)
    {
        var entities = node.Server.Server.Entities;
        var store = new WatchedStore(entities.Store!);
        entities.Store = store;
        return store;
    }

    public bool IsDown { get; set; }

    /// <summary>How long each save takes.</summary>
    public TimeSpan Delay { get; set; }

    public int Saves => Volatile.Read(ref _saves);

    public Task<StoredState?> LoadAsync(EntityKey key) => IsDown ? throw Down() : inner.LoadAsync(key);

    public async Task SaveAsync(EntityKey key, StoredState state)
    {
        if (IsDown)
            throw Down();
        await Task.Delay(Delay);
        await inner.SaveAsync(key, state);
        Interlocked.Increment(ref _saves);
    }

    /// <summary>Until the result is set.</summary>
    public TaskCompletionSource HoldDeletions() => _deletions = new TaskCompletionSource();

    public async Task DeleteAsync(EntityKey key, long number)
    {
        if (IsDown)
            throw Down();
        await (_deletions?.Task ?? Task.CompletedTask);
        await inner.DeleteAsync(key, number);
    }

    private static IOException Down() => new("the store is away");
}
