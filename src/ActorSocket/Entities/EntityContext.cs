namespace ActorSocket.Entities;

/// <summary>What an entity knows of its surroundings, and what it has asked of them.</summary>
/// <remarks>For the entity's own code, and for its actor while none of that runs.</remarks>
internal sealed class EntityContext(string id, EntityKind kind)
{
    private readonly Dictionary<string, EntityTimer> _timers = new(StringComparer.Ordinal);

    public string Id => id;

    public Namespace Namespace => kind.Namespace;

    public bool IsRetired { get; private set; }

    /// <summary>It has retired, and what it has saved is to go as well.</summary>
    public bool IsDeleted { get; private set; }

    /// <summary>Null where its class keeps nothing.</summary>
    public EntitySaves? Saves { get; set; }

    public IReadOnlyCollection<EntityTimer> Timers => _timers.Values;

    /// <summary>Whether they are not those that were looked at last.</summary>
    public bool AreTimersChanged { get; private set; }

    public void Retire() => IsRetired = true;

    public void Delete() => IsRetired = IsDeleted = true;

    /// <exception cref="ArgumentException">There is no such method.</exception>
    public void SetTimer(string method, TimeSpan delay, TimeSpan interval)
    {
        if (!kind.Methods.ContainsKey(method))
            throw new ArgumentException($"A \"{kind.Type}\" has no method [Event(\"{method}\")].", nameof(method));
        PutTimer(new EntityTimer(method, kind.Namespace.Services.Server.Time.GetUtcNow() + delay, interval));
    }

    public void PutTimer(EntityTimer timer)
    {
        _timers[timer.Method] = timer;
        AreTimersChanged = true;
    }

    public bool RemoveTimer(string method) => _timers.Remove(method);

    /// <summary>The one that is due first.</summary>
    public EntityTimer? FirstTimer()
    {
        AreTimersChanged = false;
        return _timers.Values.MinBy(static timer => timer.Due);
    }

    /// <summary>It is called now: once more later, or never again.</summary>
    public void TakeTimer(EntityTimer timer, DateTimeOffset now)
    {
        AreTimersChanged = true;
        if (timer.After(now) is { } next)
            _timers[timer.Method] = next;
        else
            _timers.Remove(timer.Method);
    }
}
