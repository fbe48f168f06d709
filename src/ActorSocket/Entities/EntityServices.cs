using System.Collections.Concurrent;
using ActorSocket.Listings;
using ActorSocket.Sessions;
using ActorSocket.Sockets;
using Akka.Actor;
using Microsoft.Extensions.DependencyInjection;

namespace ActorSocket.Entities;

/// <summary>What the entities of one server share: its classes, where they live, and who remembers them.</summary>
internal sealed class EntityServices
{
    private readonly ConcurrentDictionary<string, Type> _classes = new(StringComparer.Ordinal);
    private readonly ConcurrentDictionary<string, EntityCaller> _callers = new(StringComparer.Ordinal);
    private readonly ConcurrentDictionary<string, EntityKind> _kinds = new(StringComparer.Ordinal);
    private readonly ConcurrentDictionary<string, IActorRef> _regions = new(StringComparer.Ordinal);
    private readonly ConcurrentBag<Action> _starts = [];

    /// <summary>Null before the actor system has started.</summary>
    public IEntityPlacement? Placement { get; set; }

    /// <summary>Likewise.</summary>
    public ISocketWatcher? SocketWatcher { get; set; }

    public IEntityMemory Memory { get; set; } = NoEntityMemory.Instance;

    /// <summary>Null where nothing outlives the process.</summary>
    public IEntityStore? Store { get; set; }

    /// <summary>What entities publish about themselves, on all nodes.</summary>
    public ListingTables Listings { get; } = new();

    /// <summary>
    /// Of a call's arguments, and of a result. They are not fragmented, so in a cluster they must fit into one of its frames; and so they
    /// must on the same node, too.
    /// </summary>
    public int MaxBytes { get; set; } = 200_000;

    /// <summary>For ticks: not those of sessions, which must not wait for them.</summary>
    public IAlarms TickAlarms { get; } = new PreciseTimer();

    /// <summary>Gives a class its name on the wire. False when another one has it, which <paramref name="taken"/> is then.</summary>
    public bool TryName(string type, Type entity, out Type taken) => (taken = _classes.GetOrAdd(type, entity)) == entity;

    /// <summary>What calls the entities of a class, by its name on the wire; null where there is none of that name.</summary>
    public EntityCaller? CallerOf(string type) => _callers.GetValueOrDefault(type);

    public IReadOnlyCollection<EntityCaller> Callers => [.. _callers.Values];

    public void Add(string type, EntityCaller caller) => _callers[type] = caller;

    /// <summary>Every node of a cluster takes its share of each class, called or not: it is started with the server.</summary>
    public void StartLater(Action start) => _starts.Add(start);

    public void StartAll()
    {
        foreach (var start in _starts)
            start();
    }

    /// <summary>Starts a class, and gives what takes its calls.</summary>
    public IActorRef Start(EntityKind kind)
    {
        var placement = Placement ?? throw new InvalidOperationException("Entities can be called once the application has started.");
        if (kind.IsStateful && Store is null)
        {
            throw new InvalidOperationException(
                $"Entities of class \"{kind.Type}\" keep a state, and there is nowhere to keep it: call AddActorSocket().AddPersistence(), "
                + "of the package ActorSocket.Persistence."
            );
        }
        _kinds[kind.Type] = kind;
        return _regions[kind.Type] = placement.Start(kind);
    }

    /// <summary>How many of each class live on this node, those included that start.</summary>
    public Dictionary<string, int> CountByType() =>
        _kinds.ToDictionary(static kind => kind.Key, static kind => kind.Value.Count, StringComparer.Ordinal);

    /// <summary>What takes the calls of a class; null before it has started.</summary>
    public IActorRef? RegionOf(string type) => _regions.GetValueOrDefault(type);
}

/// <summary>Where a server has its entities.</summary>
internal static class ServerEntities
{
    extension(ServerServices server)
    {
        /// <summary>Of the application's container, by the server's name.</summary>
        public EntityServices Entities => server.Provider.GetRequiredKeyedService<EntityServices>(server.Name);
    }
}
