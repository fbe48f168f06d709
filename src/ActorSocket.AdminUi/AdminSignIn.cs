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
/// node: it is told to all that are there, and a node that comes later asks them.
/// </summary>
// a semaphore without a wait handle holds nothing
#pragma warning disable CA1001
internal sealed class AdminSignIn
#pragma warning restore CA1001
{
    /// <summary>bcrypt takes a processor for a tenth of a second: one at a time, and not for any number of clients.</summary>
    public const int MaxWaiting = 32;

    private const int MaxTriesToHear = 5;
    private const int MaxWaitingOfAddress = 4;

    // Between the nodes, in the admin namespace.
    private const string SessionMade = "admin:session";
    private const string SessionAsked = "admin:session?";
    private const string SessionsAsked = "admin:sessions?";

    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(2);

    private readonly ServerServices _server;
    private readonly Namespace _admin;
    private readonly ActorSocketAdminUiOptions _options;
    private readonly SemaphoreSlim _turn = new(1);
    private readonly ConditionalWeakTable<Socket, string> _newSessions = [];
    private readonly ConcurrentDictionary<string, int> _waitingOfAddress = new(StringComparer.Ordinal);
    private int _triesToHear;
    private HashSet<string> _heard = new(StringComparer.Ordinal); // the nodes that have told of their sessions
    private int _waiting;

    public AdminSignIn(Namespace admin, ActorSocketAdminUiOptions options, IServiceProvider services)
    {
        (_server, _admin, _options) = (admin.Services.Server, admin, options);
        Sessions = new AdminSessions(_server.Time);
        admin.OnServerEvent(SessionMade, (byte[] key) => Sessions.Add(key));
        admin.OnServerEvent(SessionAsked, (byte[] key) => (int)Sessions.LeftOf(key).TotalSeconds);
        admin.OnServerEvent(SessionsAsked, () => Sessions.Text);
        if (options.AllowAnonymous)
            _server.Log.AdminIsOpen(admin.Name);
        if (options.Policy is not null && services.GetService<IAuthorizationService>() is null)
            throw new InvalidOperationException(
                "The Admin UI's policy needs authorization services: call builder.Services.AddAuthorization(…)."
            );
    }

    public AdminSessions Sessions { get; }

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
        if (session.Length > 0 && (Sessions.Has(session) || await IsKnownElsewhereAsync(session, socket).ConfigureAwait(false)))
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
        var key = AdminSessions.KeyOf(made);
        Sessions.Add(key);
        _admin.ServerSide.Own.Emit(SessionMade, key);
        _newSessions.Add(socket, made);
    }

    private Task<bool> IsPasswordAsync(string password, Socket socket) => InAPlaceAsync(socket, async () =>
    {
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
    });

    /// <summary>This node may have come since, or have been cut off when the session was made.</summary>
    private async Task<bool> IsKnownElsewhereAsync(string session, Socket socket)
    {
        if (_server.Adapter.PeerStates.Count == 0)
            return false;
        var key = AdminSessions.KeyOf(session);
        return await InAPlaceAsync(socket, async () =>
        {
            foreach (var seconds in (await AskAsync<int>(SessionAsked, [key], socket.Disconnected).ConfigureAwait(false)).Answers)
                Sessions.Add(key, TimeSpan.FromSeconds(seconds));
            return Sessions.Has(session);
        }).ConfigureAwait(false);
    }

    /// <summary>
    /// Asks nodes that were not here before for their sessions: a node that came later has them then, also when those are gone that
    /// made them. To be called now and then.
    /// </summary>
    public async Task HearOfSessionsAsync(CancellationToken cancellationToken)
    {
        if (_options.Username is null)
            return;
        var peers = _server.Adapter.PeerStates.Select(static peer => peer.Node).ToHashSet(StringComparer.Ordinal);
        if (peers.IsSubsetOf(_heard))
            return;
        var (texts, isWhole) = await AskAsync<string>(SessionsAsked, [], cancellationToken).ConfigureAwait(false);
        foreach (var text in texts)
            Sessions.AddAll(text ?? "");
        // Who has not answered in time is asked again, but not for ever: it may be of a version that never does.
        if (isWhole || ++_triesToHear >= MaxTriesToHear)
            (_heard, _triesToHear) = (peers, 0);
    }

    private async Task<(IEnumerable<T?> Answers, bool IsWhole)> AskAsync<T>(
        string eventName, object?[] args, CancellationToken cancellationToken)
    {
        try
        {
            var all = await _admin.ServerSide.Own.Timeout(Patience).EmitWithAckCoreAsync<T>(eventName, args, cancellationToken)
                .ConfigureAwait(false);
            return (all, true);
        }
        catch (AckTimeoutException late)
        {
            return (late.Responses.Select(static response => response[0].As<T>()), false);
        }
    }

    /// <summary>Nobody fills all places from one address, which would keep the administrator out.</summary>
    private async Task<bool> InAPlaceAsync(Socket socket, Func<Task<bool>> check)
    {
        var address = socket.Handshake.Address;
        try
        {
            var isTooMany = _waitingOfAddress.AddOrUpdate(address, 1, static (_, n) => n + 1) > MaxWaitingOfAddress;
            if (Interlocked.Increment(ref _waiting) > MaxWaiting || isTooMany)
                throw Refusal("too many attempts at once", "too many attempts, try again later");
            return await check().ConfigureAwait(false);
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
