using System.Collections.Concurrent;
using System.Runtime.CompilerServices;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using ActorSocket.Sockets;
using ActorSocket.Transports;
using Microsoft.AspNetCore.Authorization;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;

namespace ActorSocket.AdminUi;

/// <summary>
/// Who is let into the admin namespace. Whoever has given the password gets a session, by which the UI comes back without it: to whichever
/// node, since it is told to all that are there.
/// </summary>
// a semaphore without a wait handle holds nothing
#pragma warning disable CA1001
internal sealed class AdminSignIn
#pragma warning restore CA1001
{
    /// <summary>bcrypt takes a processor for a tenth of a second: one at a time, and not for any number of clients.</summary>
    public const int MaxWaiting = 32;

    private const int MaxWaitingOfAddress = 4;

    private const string SessionMade = "admin:session";

    private readonly ServerServices _server;
    private readonly Namespace _admin;
    private readonly ActorSocketAdminUiOptions _options;
    private readonly AdminSessions _sessions;
    private readonly SemaphoreSlim _turn = new(1);
    private readonly ConditionalWeakTable<Socket, string> _newSessions = [];
    private readonly ConcurrentDictionary<string, int> _waitingOfAddress = new(StringComparer.Ordinal);
    private int _waiting;

    public AdminSignIn(Namespace admin, ActorSocketAdminUiOptions options, IServiceProvider services)
    {
        (_server, _admin, _options) = (admin.Services.Server, admin, options);
        _sessions = new AdminSessions(_server.Time);
        admin.OnServerEvent(SessionMade, (byte[] key) => _sessions.Add(key));
        if (options.AllowAnonymous)
            _server.Log.AdminIsOpen(admin.Name);
        if (options.Policy is not null && services.GetService<IAuthorizationService>() is null)
            throw new InvalidOperationException(
                "The Admin UI's policy needs authorization services: call builder.Services.AddAuthorization(…)."
            );
    }

    /// <summary>The namespace's middleware.</summary>
    public async Task CheckAsync(Socket socket, Func<Task> next)
    {
        if (_options.Username is not null)
            await CheckPasswordAsync(socket).ConfigureAwait(false);
        else
            CheckOrigin(socket.Handshake);
        if (_options.Policy is { } policy)
            await CheckPolicyAsync(socket, policy).ConfigureAwait(false);
        await next().ConfigureAwait(false);
    }

    /// <summary>The session that the socket has got by a password, for its client to keep.</summary>
    public string? TakeNewSession(Socket socket)
    {
        if (_newSessions.TryGetValue(socket, out var session))
            _newSessions.Remove(socket);
        return session;
    }

    /// <summary>
    /// Where a cookie signs in, or nobody has to, a page of anybody's that an administrator opens must not be one: browsers let every page
    /// open a WebSocket to here, with the cookies. CORS may list others.
    /// </summary>
    private void CheckOrigin(Handshake handshake)
    {
        // A script of another page's has no origin, and a browser that says where it is from says so here.
        if (handshake.Query.ContainsKey("j"))
            throw Refusal("it polls by scripts, which have no origin", "polling by scripts is not for administrators");
        if (handshake.Headers.GetValueOrDefault("sec-fetch-site") is "cross-site")
            throw Refusal("its page is of another site", "this page may not: its origin is another one");
        if (!handshake.Headers.TryGetValue("origin", out var origin))
            return;
        var host = new HostString(handshake.Headers.GetValueOrDefault("host", ""));
        var isListed = _server.Options.Cors is { AllowAnyOrigin: false } cors && cors.IsOriginAllowed(origin);
        if (!isListed && !RequestOrigin.IsOwn(origin, host, handshake.Secure))
            throw Refusal("its page is of another origin, which Cors does not list", "this page may not: its origin is another one");
    }

    private async Task CheckPolicyAsync(Socket socket, string policy)
    {
        var authorization = socket.Services.GetRequiredService<IAuthorizationService>();
        if (!(await authorization.AuthorizeAsync(socket.User, socket, policy).ConfigureAwait(false)).Succeeded)
            throw Refusal("its user does not meet the policy", "invalid credentials");
    }

    private async Task CheckPasswordAsync(Socket socket)
    {
        var session = Text(socket, "sessionId");
        if (session.Length > 0 && _sessions.Has(session))
            return;
        var (username, password) = (Text(socket, "username"), Text(socket, "password"));
        if (username.Length == 0 && session.Length == 0)
            throw new ConnectErrorException("sign in with a user's name and a password"); // the UI, before it has asked for them
        if (username.Length == 0)
            throw Refusal("its session is over", "invalid credentials");
        // A wrong name takes as long as a wrong password, or its time would tell which it was.
        if (!(await IsPasswordAsync(password, socket).ConfigureAwait(false) & IsSame(username, _options.Username!)))
            throw Refusal("wrong name or password", "invalid credentials");
        var made = RandomNumberGenerator.GetHexString(32, lowercase: true);
        var key = _sessions.Add(made);
        _admin.ServerSide.Emit(SessionMade, key);
        _newSessions.Add(socket, made);
    }

    private async Task<bool> IsPasswordAsync(string password, Socket socket)
    {
        var address = socket.Handshake.Address;
        try
        {
            // Nobody fills all places from one address, which would keep the administrator out.
            var isTooMany = _waitingOfAddress.AddOrUpdate(address, 1, static (_, n) => n + 1) > MaxWaitingOfAddress;
            if (Interlocked.Increment(ref _waiting) > MaxWaiting || isTooMany)
                throw Refusal("too many attempts at once", "too many attempts, try again later");
            await _turn.WaitAsync(socket.Disconnected).ConfigureAwait(false);
            try
            {
                return await Task.Run(() => BCrypt.Net.BCrypt.Verify(password, _options.PasswordHash), CancellationToken.None)
                    .ConfigureAwait(false);
            }
            finally
            {
                _turn.Release();
            }
        }
        finally
        {
            Interlocked.Decrement(ref _waiting);
            if (_waitingOfAddress.AddOrUpdate(address, 0, static (_, n) => n - 1) <= 0)
                _waitingOfAddress.TryRemove(KeyValuePair.Create(address, 0));
        }
    }

    private ConnectErrorException Refusal(string reason, string message)
    {
        _server.Log.AdminRefused(_admin.Name, reason);
        return new ConnectErrorException(message);
    }

    private static bool IsSame(string given, string known) =>
        CryptographicOperations.FixedTimeEquals(Encoding.UTF8.GetBytes(given), Encoding.UTF8.GetBytes(known));

    private static string Text(Socket socket, string key) =>
        socket.Handshake.Auth is { ValueKind: JsonValueKind.Object } auth
        && auth.TryGetProperty(key, out var value)
        && value.ValueKind == JsonValueKind.String
            ? value.GetString()!
            : "";
}
