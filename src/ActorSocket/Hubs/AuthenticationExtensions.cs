using System.Text.Json;
using ActorSocket.Configuration;
using ActorSocket.Sockets;

namespace ActorSocket;

/// <summary>Sign-in by the <c>auth</c> payload, the standard of Socket.IO.</summary>
public static class AuthenticationExtensions
{
    /// <summary>
    /// Signs each client of the namespace in by an authentication scheme of ASP.NET Core's, with the token of its <c>auth</c> payload:
    /// <c>io("/game", { auth: { token } })</c>. Who it is becomes <see cref="Socket.User"/>, for middleware, <c>[Authorize]</c>, policies
    /// and handlers. Who cannot sign in gets a <c>connect_error</c> whose data is <c>{"code":"UNAUTHENTICATED","reason":…}</c>; the reason
    /// is
    /// <c>missing</c>, <c>expired</c> or <c>invalid</c>.
    /// </summary>
    /// <remarks>
    /// It runs before the middleware, in the order in which clients come, also for those that come back to a socket that was lost: that is
    /// given to its own user only. Of namespaces by a pattern call it on their template.
    /// </remarks>
    /// <param name="ns">The namespace; the server stands for <c>/</c>.</param>
    /// <param name="configure">The scheme, and what happens when a sign-in expires.</param>
    /// <returns>The namespace.</returns>
    /// <exception cref="InvalidOperationException">It was called before.</exception>
    public static Namespace UseAuthentication(this Namespace ns, Action<SocketAuthenticationOptions>? configure = null)
    {
        ArgumentNullException.ThrowIfNull(ns);
        if (ns.Services.Authentication is not null)
            throw new InvalidOperationException($"The clients of {ns.Name} sign in already: UseAuthentication is called once.");
        var options = new SocketAuthenticationOptions();
        if (configure is not null)
            Callback.ThrowIfAsyncVoid(configure); // what it sets after its first await would come too late
        configure?.Invoke(options);
        ns.Services.Authentication = new NamespaceAuthentication(options);
        if (options.RefreshEvent is { } name)
            ns.OnConnection(socket => { socket.On(name, (JsonElement auth) => RenewAsync(socket, auth)); });
        return ns;
    }

    private static async Task<object> RenewAsync(Socket socket, JsonElement auth)
    {
        var result = await socket.AuthenticateAsync(auth).ConfigureAwait(false);
        if (result.Succeeded)
            return new Dictionary<string, DateTimeOffset?>(StringComparer.Ordinal) { ["expires"] = result.Properties?.ExpiresUtc };
        Dictionary<string, string> data = new(StringComparer.Ordinal) { ["reason"] = NamespaceAuthentication.ReasonOf(result) };
        throw new EventException("Unauthorized", data) { Code = "UNAUTHENTICATED" };
    }
}
