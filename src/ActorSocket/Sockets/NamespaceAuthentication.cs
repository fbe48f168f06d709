using System.Net;
using System.Text.Json;
using ActorSocket.Data;
using Microsoft.AspNetCore.Authentication;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;

namespace ActorSocket.Sockets;

/// <summary>
/// Signs the clients of a namespace in by what they give as <c>auth</c>: before its middleware, and for each of them, also those that come
/// back to a socket that was lost.
/// </summary>
internal sealed class NamespaceAuthentication(SocketAuthenticationOptions options)
{
    public const string Expired = "expired";

    public SocketAuthenticationOptions Options => options;

    /// <exception cref="ConnectErrorException">The client is refused.</exception>
    public async Task SignInAsync(Socket socket)
    {
        var result = await AuthenticateAsync(socket, socket.Handshake.Auth).ConfigureAwait(false);
        if (result.Succeeded)
            socket.SignIn(result, options);
        else if (options.IsRequired || !result.None)
            throw Refused(ReasonOf(result));
    }

    /// <summary>What a client is told that is not let in.</summary>
    public static ConnectErrorException Refused(string reason)
    {
        // Of a type that is written without reflection too: in one-file programs there is none.
        Dictionary<string, string> data = new(StringComparer.Ordinal) { ["code"] = "UNAUTHENTICATED", ["reason"] = reason };
        return new ConnectErrorException("Unauthorized", data);
    }

    /// <summary>Of a socket that is connected: only as the user that it is already.</summary>
    public async Task<AuthenticateResult> RenewAsync(Socket socket, JsonElement auth)
    {
        var result = await AuthenticateAsync(socket, auth).ConfigureAwait(false);
        if (!result.Succeeded)
            return result;
        if (UserName.Differ(socket.User, result.Principal))
            return AuthenticateResult.Fail(new OtherUserException());
        socket.SignIn(result, options);
        return result;
    }

    /// <summary>What a client can act on.</summary>
    public static string ReasonOf(AuthenticateResult result) =>
        result.None ? "missing"
        : result.Failure is OtherUserException ? "other user"
        : IsExpired(result.Failure) ? Expired
        : "invalid";

    /// <summary>A scheme reads a request: this one is what the handshake's was, with the token where such tokens stand.</summary>
    private async Task<AuthenticateResult> AuthenticateAsync(Socket socket, JsonElement auth)
    {
        var server = socket.Namespace.Services.Server;
        // A scope for each: what belongs to a request keeps the first one that it has seen.
        var scope = server.Provider.CreateAsyncScope();
        await using (scope.ConfigureAwait(false))
        {
            if (scope.ServiceProvider.GetService<IAuthenticationService>() is null)
                throw new InvalidOperationException(
                    "UseAuthentication needs a scheme: call builder.Services.AddAuthentication() and what adds one, "
                    + "such as AddJwtBearer(…).");
            var handshake = new Handshake(socket.Handshake.Request, auth, server.Json.Options);
            return await NewContext(scope.ServiceProvider, handshake).AuthenticateAsync(options.Scheme).ConfigureAwait(false);
        }
    }

    private DefaultHttpContext NewContext(IServiceProvider services, Handshake handshake)
    {
        var context = new DefaultHttpContext { RequestServices = services, User = handshake.User };
        var request = context.Request;
        request.Method = HttpMethods.Get;
        request.Scheme = handshake.Secure ? "https" : "http";
        foreach (var (name, value) in handshake.Headers)
            request.Headers[name] = value;
        var query = handshake.Url.IndexOf('?', StringComparison.Ordinal);
        request.Path = PathString.FromUriComponent(query < 0 ? handshake.Url : handshake.Url[..query]);
        request.QueryString = new QueryString(query < 0 ? null : handshake.Url[query..]);
        if (IPAddress.TryParse(handshake.Address, out var address))
            context.Connection.RemoteIpAddress = address;
        if (options.ReadToken(handshake.Auth) is { Length: > 0 } token)
            request.Headers.Authorization = "Bearer " + token;
        context.Features.Set(handshake);
        return context;
    }

    /// <summary>By its name, since the exception is of a package that not everybody has.</summary>
    private static bool IsExpired(Exception? failure) =>
        failure is AggregateException several
            ? several.InnerExceptions.Any(IsExpired)
            : failure?.GetType().Name.Contains("Expired", StringComparison.Ordinal) == true;

    private sealed class OtherUserException() : Exception("The token is another user's than the one who is signed in.");
}
