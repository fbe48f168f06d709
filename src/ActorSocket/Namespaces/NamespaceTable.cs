using System.Collections.Concurrent;
using System.Diagnostics.CodeAnalysis;
using System.Text.Json;
using ActorSocket.Hosting;

namespace ActorSocket.Namespaces;

/// <summary>Decides whether a client may have a namespace of this name, and so creates it.</summary>
internal delegate ValueTask<bool> NamespacePredicate(string name, JsonElement auth, CancellationToken cancellationToken);

/// <summary>The namespaces of one server by name, and the patterns that create more.</summary>
internal sealed class NamespaceTable
{
    private readonly ConcurrentDictionary<string, NamespaceServices> _byName = new(StringComparer.Ordinal);
    private (Namespace Parent, NamespacePredicate Predicate)[] _dynamic = [];

    public bool HasDynamic => Volatile.Read(ref _dynamic).Length > 0;

    public (Namespace Parent, NamespacePredicate Predicate)[] Dynamic => Volatile.Read(ref _dynamic);

    public ICollection<NamespaceServices> All => _byName.Values;

    public bool TryGet(string name, [NotNullWhen(true)] out NamespaceServices? ns) => _byName.TryGetValue(name, out ns);

    public NamespaceServices GetOrAdd(string name, ServerServices server, NamespaceServices? parent = null)
    {
        if (_byName.TryGetValue(name, out var known))
            return known;
        var created = new NamespaceServices(server, name, isDynamic: parent is not null);
        if (parent is not null)
            created.CopyHandlersOf(parent);
        return _byName.GetOrAdd(name, created);
    }

    public void AddDynamic(Namespace parent, NamespacePredicate predicate)
    {
        lock (_byName)
            Volatile.Write(ref _dynamic, [.. _dynamic, (parent, predicate)]);
    }
}
