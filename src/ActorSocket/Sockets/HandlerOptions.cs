using ActorSocket.Data;

namespace ActorSocket;

/// <summary>How an event is handled. Given to <see cref="Socket.On(string, Delegate, HandlerOptions)"/>.</summary>
public sealed class HandlerOptions
{
    /// <summary>
    /// Reads from an event's arguments what makes it the same event when it is sent again, as clients with <c>retries</c> do: a key that
    /// the client made for it. The handler then runs once; whoever sends the key again is acknowledged with the first answer, as soon as
    /// there is one. A handler that failed before it answered runs again. Null, or a key that is null, is an event that cannot be told from
    /// others: the handler runs.
    /// </summary>
    /// <remarks>
    /// Remembered on this node, by namespace, scope, event and key, within the bounds of <see cref="ActorSocketOptions.Idempotency"/>; a
    /// client that comes back is another socket, so not by socket.
    /// </remarks>
    public Func<SocketArguments, string?>? IdempotencyKey { get; set; }

    /// <summary>
    /// Within which keys are unique: a user, a tenant. Null, the default, is the authenticated user's, and for clients without one the
    /// whole namespace's: keys must then be impossible to guess, since who knows one gets its answer.
    /// </summary>
    public string? IdempotencyScope { get; set; }

    /// <summary>The user that a request was authenticated as.</summary>
    internal static string ScopeOf(Socket socket) =>
        socket.User.Identity is { IsAuthenticated: true } ? "user:" + UserName.Of(socket.User) : "";
}
