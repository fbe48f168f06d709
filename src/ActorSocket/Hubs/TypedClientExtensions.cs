using ActorSocket.Hubs;

namespace ActorSocket;

/// <summary>Emitting by the methods of an interface.</summary>
public static class TypedClientExtensions
{
    /// <summary>
    /// The clients as an interface of the application's: calling <c>Joined(id)</c> emits the event <c>joined</c> with it. A method's event
    /// is its name in camel case, or what its <see cref="EventAttribute"/> says. Methods return nothing, or a completed <see cref="Task"/>;
    /// on a socket also <c>Task&lt;T&gt;</c>, which is the client's acknowledgement. A last parameter of type
    /// <see cref="CancellationToken"/> ends the wait for it.
    /// </summary>
    /// <exception cref="InvalidOperationException">It is no interface, or has a member that no event can stand for.</exception>
    /// <example><code>socket.To(room).As&lt;ILobbyClient&gt;().Joined(name);</code></example>
    public static TClient As<TClient>(this IEventEmitter emitter)
        where TClient : class
    {
        ArgumentNullException.ThrowIfNull(emitter);
        return TypedClient<TClient>.Create(emitter);
    }
}
