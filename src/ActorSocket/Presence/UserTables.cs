using ActorSocket.Recovery;

namespace ActorSocket.Presence;

/// <summary>
/// The users of each namespace that has presence on: on this node, or on another, which may have a namespace that this one has not, or not
/// yet. One that has neither users nor a namespace here is forgotten, since clients may choose its name.
/// </summary>
/// <remarks>Any thread.</remarks>
/// <param name="time">The clock.</param>
/// <param name="tell">Tells the other nodes how many devices a user of a namespace has here.</param>
/// <param name="report">Gets, with the namespace's name, what a handler throws, or how many events were dropped.</param>
internal sealed class UserTables(TimeProvider time, Action<string, string, int> tell, Action<string, Exception?, long> report)
{
    private readonly Lock _gate = new(); // taken before a table's own
    private readonly Dictionary<string, UserTable> _byNamespace = new(StringComparer.Ordinal);

    public int Count
    {
        get
        {
            lock (_gate)
                return _byNamespace.Count;
        }
    }

    /// <summary>For a namespace of this node, until <see cref="Release"/>.</summary>
    public UserTable Hold(string ns)
    {
        lock (_gate)
        {
            var table = Open(ns);
            if (table.Holders++ == 0)
                table.ForgetHandlers();
            return table;
        }
    }

    public void Release(string ns)
    {
        lock (_gate)
        {
            if (!_byNamespace.TryGetValue(ns, out var table))
                return;
            table.Holders--;
            RemoveIfOver(ns, table);
        }
    }

    /// <summary>Another node says how many devices a user has there.</summary>
    public void Set(IRemoteNode node, string ns, string user, int devices)
    {
        lock (_gate)
        {
            if (devices <= 0 && !_byNamespace.ContainsKey(ns))
                return;
            var table = Open(ns);
            table.Set(node, user, devices);
            RemoveIfOver(ns, table);
        }
    }

    /// <summary>Another node is gone.</summary>
    public void NodeGone(IRemoteNode node)
    {
        lock (_gate)
        {
            foreach (var (ns, table) in _byNamespace.ToArray())
            {
                table.NodeGone(node);
                RemoveIfOver(ns, table);
            }
        }
    }

    private UserTable Open(string ns)
    {
        if (_byNamespace.TryGetValue(ns, out var known))
            return known;
        return _byNamespace[ns] = new UserTable(
            time, (user, devices) => tell(ns, user, devices), table => OnEmpty(ns, table), (error, dropped) => report(ns, error, dropped));
    }

    private void OnEmpty(string ns, UserTable table)
    {
        lock (_gate)
            RemoveIfOver(ns, table);
    }

    private void RemoveIfOver(string ns, UserTable table)
    {
        if (table is { Holders: 0, IsEmpty: true } && _byNamespace.TryGetValue(ns, out var current) && ReferenceEquals(current, table))
            _byNamespace.Remove(ns);
    }
}
