using System.Collections.Concurrent;
using System.Diagnostics.CodeAnalysis;
using System.Text.Json;
using System.Text.RegularExpressions;
using ActorSocket.Configuration;

namespace ActorSocket.Sockets;

/// <summary>Decides whether a client may have a namespace of this name, and so creates it.</summary>
internal delegate ValueTask<bool> NamespacePredicate(string name, JsonElement auth, CancellationToken cancellationToken);

/// <summary>A template for namespaces. <paramref name="Pattern"/> is null when only a function can tell.</summary>
internal sealed record DynamicNamespace(NamespaceServices Parent, NamespacePredicate Predicate, Regex? Pattern);

/// <summary>The namespaces of one server by name, and the patterns that create more.</summary>
internal sealed class NamespaceTable
{
    private readonly ConcurrentDictionary<string, NamespaceServices> _byName = new(StringComparer.Ordinal);
    private DynamicNamespace[] _dynamic = [];
    private readonly CallbackList<Namespace> _onNew = new();
    private int _madeForClients;

    public bool HasDynamic => Volatile.Read(ref _dynamic).Length > 0;

    public DynamicNamespace[] Dynamic => Volatile.Read(ref _dynamic);

    /// <summary>How many there are that a client's CONNECT has made.</summary>
    public int MadeForClients => Volatile.Read(ref _madeForClients);

    public ICollection<NamespaceServices> All => _byName.Values;

    public bool TryGet(string name, [NotNullWhen(true)] out NamespaceServices? ns) => _byName.TryGetValue(name, out ns);

    public NamespaceServices GetOrAdd(string name, ServerServices server, NamespaceServices? parent = null, bool isForClient = false)
    {
        if (_byName.TryGetValue(name, out var known))
            return known;
        NamespaceServices created;
        lock (_byName)
        {
            if (_byName.TryGetValue(name, out known))
                return known;
            created = new NamespaceServices(server, name, parent) { IsMadeForClient = isForClient };
            created.TakePlace(); // before anybody finds it
            _byName[name] = created;
            if (isForClient)
                Interlocked.Increment(ref _madeForClients);
        }
        _ = created.PrepareAsync(_onNew.Current);
        return created;
    }

    public void Remove(NamespaceServices ns)
    {
        ns.Users?.End(); // before the name is free: who comes next finds no handlers of this one
        if (_byName.TryRemove(KeyValuePair.Create(ns.Name, ns)) && ns.IsMadeForClient)
            Interlocked.Decrement(ref _madeForClients);
        ns.Parent?.Children!.TryRemove(KeyValuePair.Create(ns.Name, ns));
    }

    public void AddDynamic(DynamicNamespace dynamic)
    {
        lock (_byName)
            Volatile.Write(ref _dynamic, [.. _dynamic, dynamic]);
    }

    public IDisposable OnNew(Func<Namespace, Task> handler) => _onNew.Add(handler);
}
