namespace ActorSocket;

/// <summary>
/// Lets an event of a <see cref="SocketHub"/> be handled once however often a client sends it, told by one of its arguments: see
/// <see cref="HandlerOptions.IdempotencyKey"/>. Keys are unique for the authenticated user, for clients without one in the namespace.
/// </summary>
/// <param name="key">The name of the method's parameter that is the key. An event without that argument is handled each time.</param>
/// <example><code>
/// [Event("order"), Idempotent(nameof(key))]
/// public Task&lt;Receipt&gt; Order(Guid key, Basket basket) => shop.PlaceAsync(basket);
/// </code></example>
[AttributeUsage(AttributeTargets.Method)]
public sealed class IdempotentAttribute(string key) : Attribute
{
    /// <summary>The name of the parameter.</summary>
    public string Key => key;
}
