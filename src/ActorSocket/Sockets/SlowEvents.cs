using System.Collections.Concurrent;
using ActorSocket.EventLoops;

namespace ActorSocket.Sockets;

/// <summary>
/// Which events of a namespace have kept an event loop too long. Named as handlers were registered, never as a client calls them: what no
/// handler is registered for (a catch-all listener, a middleware) is one kind together.
/// </summary>
/// <remarks>Any thread.</remarks>
internal sealed class SlowEvents(string ns)
{
    private const int Most = 256;

    private readonly ConcurrentDictionary<string, TurnKind> _kinds = new(StringComparer.Ordinal);
    private volatile bool _hasAny;
    private TurnKind? _others;

    /// <summary>Of one that is running.</summary>
    /// <param name="registered">The event; null when no handler is registered for it.</param>
    public TurnKind Of(string? registered)
    {
        _hasAny = true;
        if (registered is null || (_kinds.Count >= Most && !_kinds.ContainsKey(registered)))
            return LazyInitializer.EnsureInitialized(ref _others, () => new TurnKind($"A listener in {ns}"));
        return _kinds.GetOrAdd(registered, static (name, ns) => new TurnKind($"The handler of \"{name}\" in {ns}"), ns);
    }

    /// <summary>Whether it is better not to start this event on a loop.</summary>
    public bool IsAside(string name) =>
        _hasAny && (_kinds.TryGetValue(name, out var kind) ? kind.IsAside : _others is { IsAside: true });
}
