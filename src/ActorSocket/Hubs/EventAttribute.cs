namespace ActorSocket;

/// <summary>
/// Names the event that a method of a <see cref="SocketHub"/> handles, or that a method of a client's interface emits
/// (<c>As&lt;TClient&gt;()</c>).
/// </summary>
/// <param name="name">The event's name, not a reserved one.</param>
[AttributeUsage(AttributeTargets.Method)]
public sealed class EventAttribute(string name) : Attribute
{
    /// <summary>The event's name.</summary>
    public string Name => name;
}
