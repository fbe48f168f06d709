using System.Text;
using Akka.Actor;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.AspNetCore.WebUtilities;
using Microsoft.AspNetCore.Http.Features.Authentication;
using Microsoft.AspNetCore.Diagnostics;
using Microsoft.AspNetCore.Http.Timeouts;
using Microsoft.Net.Http.Headers;
using ActorSocket.Delivery;
using ActorSocket.Protocol.SocketIo;
using ActorSocket.Diagnostics;
using ActorSocket.Hosting;
using ActorSocket.Protocol.EngineIo;
using ActorSocket.Sessions;

namespace ActorSocket.Transports;

/// <summary>Where every request of a server arrives: checks it in the official server's order (E-03), opens sessions, and hands requests to their transport.</summary>
internal sealed class ActorSocketEndpoint(ServerServices server)
{
    private const string Name = "name"; // which bad request it is (E-05)
    private const string CorsMiddlewareMark = "__CorsMiddlewareWithEndpointInvoked"; // left by ASP.NET Core's own

    // A session starts in a moment, unless the server has just stopped, or its node was downed.
    private static readonly TimeSpan OpenTimeout = TimeSpan.FromSeconds(5);

    private readonly PollingTransport _polling = new(server);
    private readonly ClientBundle _bundle = new();
    private readonly CorsHeaders? _cors = server.Options.Cors is { } policy ? new CorsHeaders(policy) : null;
    private int _hinted;

    /// <summary>What it took to get there is gone by the time that a request waits: it would otherwise stay in memory for as long.</summary>
    public async Task HandleAsync(HttpContext context)
    {
        var rest = await BeginAsync(context).ConfigureAwait(false);
        if (rest.WebSocket is { } webSocket)
            await webSocket.RunAsync().ConfigureAwait(false);
        else if (rest.Poller is { } poller)
            await _polling.HandleAsync(context, poller, rest.Jsonp).ConfigureAwait(false);
    }

    /// <summary>Answers the request, or says what is left to do.</summary>
    private async Task<Rest> BeginAsync(HttpContext context)
    {
        var request = context.Request;
        var path = context.GetEndpoint()?.Metadata.GetMetadata<EndpointPath>();
        if (path is null || !path.TryMatch(request.Path.Value, allowBare: !server.Options.AddTrailingSlash, out var rest))
        {
            context.Response.StatusCode = StatusCodes.Status404NotFound;
            return default;
        }
        var file = rest.ToString();
        Exempt(context.Features);
        if (_cors is not null && HttpMethods.IsOptions(request.Method) && !(RequestOrigin.IsPrintable(request.Headers.Origin) && RequestOrigin.IsPrintable(request.Headers.AccessControlRequestHeaders)))
        {
            await RefuseAsync(context, EngineIoError.BadRequest, null, new(StringComparer.Ordinal) { [Name] = "INVALID_PREFLIGHT" }).ConfigureAwait(false);
            return default;
        }
        if (_cors is not null && _cors.Apply(context))
            return default; // a preflight
        _polling.CloseWhenDraining(context);
        if (server.Options.ServeClient && file.Length > 0 && await _bundle.TryServeAsync(context, file).ConfigureAwait(false))
            return default;
        var query = new QueryValues(request.QueryString);
        var upgrade = WebSocketUpgrade.Detect(context, server.Options);
        var transport = query["transport"];
        if (!Offers(transport))
        {
            if (upgrade is not null && query["EIO"].Length == 0)
                HintOnce(1, static log => log.PlainWebSocketClient());
            await RefuseAsync(context, EngineIoError.UnknownTransport, upgrade, new(StringComparer.Ordinal) { ["transport"] = transport }).ConfigureAwait(false);
            return default;
        }
        if (!RequestOrigin.IsPrintable(request.Headers.Origin))
        {
            await RefuseAsync(context, EngineIoError.BadRequest, upgrade, new(StringComparer.Ordinal) { [Name] = "INVALID_ORIGIN", ["origin"] = request.Headers.Origin.ToString() }).ConfigureAwait(false);
            return default;
        }
        if (query["sid"] is { Length: > 0 } sid)
            return await ContinueAsync(context, query, sid, transport, upgrade).ConfigureAwait(false);
        return new Rest(await OpenAsync(context, query, transport, upgrade).ConfigureAwait(false), null, "");
    }

    private async Task<Rest> ContinueAsync(HttpContext context, QueryValues query, string sid, string transport, WebSocketUpgrade? upgrade)
    {
        if (!server.Sessions.TryGet(sid, out var connection))
        {
            var isRefused = transport != TransportNames.WebSocket || !server.Options.AllowUpgrades;
            var stray = new StrayRequest(sid, transport == TransportNames.WebSocket, query["j"], FormOf(query), upgrade, isRefused);
            var error = await server.Relay.ServeAsync(context, stray).ConfigureAwait(false);
            if (error is EngineIoError.UnknownSid)
                await RefuseAsync(context, EngineIoError.UnknownSid, upgrade, new(StringComparer.Ordinal) { ["sid"] = sid }).ConfigureAwait(false);
            else if (error is { } mismatch)
                await RefuseAsync(context, mismatch, upgrade, new(StringComparer.Ordinal) { [Name] = "TRANSPORT_MISMATCH", ["transport"] = transport }).ConfigureAwait(false);
        }
        else if ((query["EIO"] is not "4") != connection.IsRevision3)
        {
            await RefuseAsync(context, EngineIoError.BadRequest, upgrade, new(StringComparer.Ordinal) { [Name] = "PROTOCOL_MISMATCH", ["protocol"] = query["EIO"] }).ConfigureAwait(false);
        }
        else if (upgrade is not null)
        {
            // Whether the session takes it, and whether it may at all, is said on the WebSocket, by closing it (E-10, E-80).
            if (upgrade.FaultOf(context.Request) is { } fault)
            {
                await RefuseAsync(context, EngineIoError.BadRequest, upgrade, new(StringComparer.Ordinal) { [Name] = "TRANSPORT_HANDSHAKE_ERROR" }, fault).ConfigureAwait(false);
                return default;
            }
            await server.Options.RaiseHeadersAsync(context).ConfigureAwait(false);
            var refused = transport != TransportNames.WebSocket || !server.Options.AllowUpgrades;
            var link = await upgrade.AcceptAsync(context).ConfigureAwait(false);
            await new WebSocketTransport(server, connection, link, FormOf(query)).RunUpgradeAsync(refused).ConfigureAwait(false);
        }
        else if (PollingRules.Check(connection, connection.IsRevision3, transport == TransportNames.WebSocket) == Mismatch.Transport)
        {
            await RefuseAsync(context, EngineIoError.BadRequest, null, new(StringComparer.Ordinal) { [Name] = "TRANSPORT_MISMATCH", ["transport"] = transport, ["previousTransport"] = connection.TransportName }).ConfigureAwait(false);
        }
        else if (connection.Relayed is { } relayed && !await relayed.HasGotAnswerAsync(HttpMethods.IsPost(context.Request.Method)).ConfigureAwait(false))
        {
            await RefuseAsync(context, EngineIoError.UnknownSid, null, new(StringComparer.Ordinal) { ["sid"] = sid }).ConfigureAwait(false);
        }
        else
        {
            await server.Options.RaiseHeadersAsync(context).ConfigureAwait(false);
            return new Rest(null, connection, query["j"]);
        }
        return default;
    }

    /// <summary>Opens a session. A WebSocket is given back to be run by the caller.</summary>
    private async Task<WebSocketTransport?> OpenAsync(HttpContext context, QueryValues query, string transport, WebSocketUpgrade? upgrade)
    {
        if (!HttpMethods.IsGet(context.Request.Method) && upgrade is not { IsExtendedConnect: true })
        {
            await RefuseAsync(context, EngineIoError.BadHandshakeMethod, upgrade, new(StringComparer.Ordinal) { ["method"] = context.Request.Method }).ConfigureAwait(false);
            return null;
        }
        var webSocket = transport == TransportNames.WebSocket;
        var fault = upgrade?.FaultOf(context.Request);
        if (webSocket && (upgrade is null || fault is not null))
        {
            await RefuseAsync(context, EngineIoError.BadRequest, upgrade, new(StringComparer.Ordinal) { [Name] = "TRANSPORT_HANDSHAKE_ERROR" }, fault).ConfigureAwait(false);
            return null;
        }
        if (webSocket && !IsOriginAllowed(context.Request))
        {
            await RefuseAsync(context, EngineIoError.Forbidden, upgrade, new(StringComparer.Ordinal) { ["origin"] = context.Request.Headers.Origin.ToString() }).ConfigureAwait(false);
            return null;
        }
        if (server.Options.AllowRequest is { } allow && await allow(context, context.RequestAborted).ConfigureAwait(false) is { } reason)
        {
            await RefuseAsync(context, EngineIoError.Forbidden, upgrade, new(StringComparer.Ordinal) { ["message"] = reason }, reason.Length == 0 ? null : reason).ConfigureAwait(false);
            return null;
        }
        if (query["EIO"] is not "4" && !server.Options.AllowEIO3)
        {
            HintOnce(2, static log => log.OldClient());
            await RefuseAsync(context, EngineIoError.UnsupportedProtocolVersion, upgrade, new(StringComparer.Ordinal) { ["protocol"] = "3" }).ConfigureAwait(false);
            return null;
        }
        if (server.IsDraining || server.Root.IsNobody() || !server.Placement.IsReady || !server.Sessions.TryReserve(server.Options.MaxConnections ?? int.MaxValue))
        {
            AnswerUnavailable(context);
            return null;
        }
        if (_cors is null && !webSocket && context.Request.Headers.Origin is { Count: > 0 } origin && !RequestOrigin.IsOwn(origin.ToString(), context.Request)
            && !context.Items.ContainsKey(CorsMiddlewareMark))
        {
            HintOnce(4, static log => log.CorsIsOff());
        }
        return await OpenReservedAsync(context, query, webSocket ? upgrade : null).ConfigureAwait(false);
    }

    private async Task<WebSocketTransport?> OpenReservedAsync(HttpContext context, QueryValues query, WebSocketUpgrade? upgrade)
    {
        EngineConnection connection;
        try
        {
            var own = server.Options.GenerateId is { } generate ? await generate(context).ConfigureAwait(false) : null;
            connection = new EngineConnection(server, server.Placement.NewSid(own), Copy(context, query), FormOf(query));
            if (!server.Sessions.TryAdd(connection))
                throw new InvalidOperationException("It made an id that is in use.");
        }
        catch (Exception error)
        {
            server.Sessions.CancelReservation();
            if (context.RequestAborted.IsCancellationRequested)
                return null;
            server.Log.IdGenerationFailed(error);
            await RefuseAsync(context, EngineIoError.BadRequest, upgrade, new(StringComparer.Ordinal) { [Name] = "ID_GENERATION_ERROR", ["error"] = error.Message }).ConfigureAwait(false);
            return null;
        }
        var options = server.Options;
        var open = EncodedFrame.Control(OpenPacket.Write(
            connection.Sid,
            upgrade is null && options.AllowUpgrades && options.Transports.HasFlag(TransportKinds.WebSocket),
            (int)options.PingInterval.TotalMilliseconds,
            (int)options.PingTimeout.TotalMilliseconds,
            options.MaxHttpBufferSize));
        WebSocketTransport? transport = null;
        try
        {
            await options.RaiseInitialHeadersAsync(context).ConfigureAwait(false);
            await options.RaiseHeadersAsync(context).ConfigureAwait(false);
            if (options.Cookie is { } cookie)
                context.Response.Headers.Append(HeaderNames.SetCookie, SetCookie(cookie.Name ?? "io", connection.Sid, cookie.Build(context)));
            if (upgrade is not null)
            {
                transport = new WebSocketTransport(server, connection, await upgrade.AcceptAsync(context).ConfigureAwait(false), connection.Form);
                connection.AttachWebSocket(transport);
            }
            connection.Outbound.Append(open);
            if (options.InitialPacket is { } initial)
                connection.Outbound.Append(EncodedFrame.Control(Encoding.UTF8.GetBytes("4" + initial)));
            var opened = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
            server.Root.Tell(new SessionProtocol.Open(connection, transport, opened));
            await opened.Task.WaitAsync(OpenTimeout, server.Time, context.RequestAborted).ConfigureAwait(false);
        }
        catch (TimeoutException)
        {
            connection.Forget();
            if (context.Response.HasStarted)
                context.Abort();
            else
                AnswerUnavailable(context);
            return null;
        }
        catch
        {
            connection.Forget();
            throw;
        }
        if (server.IsDraining) // began meanwhile, and did not see this one
            connection.Session.Tell(new SessionProtocol.Close(DisconnectReason.ServerShuttingDown));
        connection.Consumer.OnOpened();
        if (transport is null)
            await _polling.GetAsync(context, connection, query["j"]).ConfigureAwait(false);
        return transport;
    }

    private static void AnswerUnavailable(HttpContext context)
    {
        context.Response.StatusCode = StatusCodes.Status503ServiceUnavailable;
        context.Response.Headers.RetryAfter = "1";
    }

    /// <summary>Refuses as the official server does: JSON to a plain request (E-04), bare text and the end of the connection to a WebSocket (E-08).</summary>
    private async Task RefuseAsync(HttpContext context, EngineIoError error, WebSocketUpgrade? upgrade, Dictionary<string, string> why, string? message = null)
    {
        server.Metrics.RequestRefused((int)error);
        if (server.Log.IsEnabled(Microsoft.Extensions.Logging.LogLevel.Debug))
            server.Log.RequestRefused(LogText.Of(context.Request.Method), (int)error, error.Message());
        server.RaiseConnectionError(new ConnectionError(context, (int)error, error.Message(), why));
        var response = context.Response;
        byte[] body;
        if (upgrade is null)
        {
            response.StatusCode = error == EngineIoError.Forbidden ? StatusCodes.Status403Forbidden : StatusCodes.Status400BadRequest;
            response.ContentType = "application/json";
            body = error.Json(message);
        }
        else
        {
            response.StatusCode = StatusCodes.Status400BadRequest;
            if (HttpProtocol.IsHttp11(context.Request.Protocol))
                response.Headers.Connection = "close";
            response.ContentType = "text/html";
            body = Encoding.UTF8.GetBytes(message ?? error.Message());
        }
        response.ContentLength = body.Length;
        await response.Body.WriteAsync(body, context.RequestAborted).ConfigureAwait(false);
    }

    /// <summary>The attributes in the official server's order and spelling (E-25).</summary>
    private static string SetCookie(string name, string value, CookieOptions cookie)
    {
        var text = new StringBuilder().Append(name).Append('=').Append(value);
        if (cookie.MaxAge is { } age)
            text.Append("; Max-Age=").Append((long)age.TotalSeconds);
        if (!string.IsNullOrEmpty(cookie.Domain))
            text.Append("; Domain=").Append(cookie.Domain);
        if (!string.IsNullOrEmpty(cookie.Path))
            text.Append("; Path=").Append(cookie.Path);
        if (cookie.Expires is { } expires)
            text.Append("; Expires=").Append(HeaderUtilities.FormatDate(expires));
        if (cookie.HttpOnly)
            text.Append("; HttpOnly");
        if (cookie.Secure)
            text.Append("; Secure");
        if (cookie.SameSite is not Microsoft.AspNetCore.Http.SameSiteMode.Unspecified)
            text.Append("; SameSite=").Append(cookie.SameSite);
        return text.ToString();
    }

    private static WireForm FormOf(QueryValues query) =>
        (query["EIO"] is "4" ? WireForm.Standard : WireForm.Revision3) | (query["b64"].Length > 0 || query["j"].Length > 0 ? WireForm.Base64 : WireForm.Standard);

    private bool Offers(string transport) => transport switch
    {
        TransportNames.Polling => server.Options.Transports.HasFlag(TransportKinds.Polling),
        TransportNames.WebSocket => server.Options.Transports.HasFlag(TransportKinds.WebSocket),
        _ => false,
    };

    /// <summary>A WebSocket's origin: browsers let a page open one to anybody, and leave it to the server.</summary>
    private bool IsOriginAllowed(HttpRequest request)
    {
        var check = server.Options.CheckWebSocketOrigin ?? server.Options.Cors is { AllowAnyOrigin: false };
        return !check || request.Headers.Origin is not { Count: > 0 } origin || RequestOrigin.IsOwn(origin.ToString(), request) || _cors?.Allows(origin.ToString()) is true;
    }

    private void HintOnce(int hint, Action<Microsoft.Extensions.Logging.ILogger> write)
    {
        if ((Interlocked.Or(ref _hinted, hint) & hint) == 0)
            write(server.Log);
    }

    /// <summary>
    /// A poll waits for as long as a heartbeat, however short the application's requests are to be; and clients read the official server's answers to what they did wrong,
    /// not a page that says so.
    /// </summary>
    private static void Exempt(IFeatureCollection features)
    {
        features.Get<IHttpRequestTimeoutFeature>()?.DisableTimeout(); // where the middleware stands before routing, and does not know the endpoint
        if (features.Get<IStatusCodePagesFeature>() is { } pages)
            pages.Enabled = false;
    }

    private HandshakeRequest Copy(HttpContext context, QueryValues query)
    {
        var request = context.Request;
        var headers = new KeyValuePair<string, string>[request.Headers.Count];
        var at = 0;
        foreach (var (name, values) in request.Headers)
            headers[at++] = new(HandshakeValues.LowerCase(name), values.ToString());
        return new HandshakeRequest(
            new HandshakeValues(headers, StringComparison.OrdinalIgnoreCase),
            query.ToValues(),
            context.Connection.RemoteIpAddress is { IsIPv4MappedToIPv6: true } mapped ? mapped.MapToIPv4().ToString() : context.Connection.RemoteIpAddress?.ToString() ?? "",
            request.IsHttps,
            request.Headers.Origin.Count > 0,
            context.Features.Get<IHttpRequestFeature>()?.RawTarget is { Length: > 0 } target ? target : request.Path + request.QueryString,
            server.Time.GetUtcNow(),
            HandshakeRequest.Known(context.Features.Get<IHttpAuthenticationFeature>()?.User))
        {
            RouteValues = RouteValuesOf(request),
        };
    }

    private static HandshakeValues RouteValuesOf(HttpRequest request)
    {
        var values = request.RouteValues.Where(static pair => pair.Key != EndpointPath.Rest)
            .Select(static pair => KeyValuePair.Create(pair.Key, Convert.ToString(pair.Value, System.Globalization.CultureInfo.InvariantCulture) ?? "")).ToArray();
        return values.Length == 0 ? HandshakeValues.None : new HandshakeValues(values, StringComparison.OrdinalIgnoreCase);
    }

    private readonly record struct Rest(WebSocketTransport? WebSocket, EngineConnection? Poller, string Jsonp);
}

/// <summary>The query as the official server reads it: of a repeated key the last value counts, a missing one is empty (E-02).</summary>
internal readonly struct QueryValues(QueryString query)
{
    public string this[string key]
    {
        get
        {
            var value = "";
            foreach (var pair in new QueryStringEnumerable(query.Value))
            {
                if (pair.DecodeName().Span.SequenceEqual(key))
                    value = pair.DecodeValue().ToString();
            }
            return value;
        }
    }

    public HandshakeValues ToValues()
    {
        var all = new Dictionary<string, string>(StringComparer.Ordinal);
        foreach (var pair in new QueryStringEnumerable(query.Value))
            all[pair.DecodeName().ToString()] = pair.DecodeValue().ToString();
        return new HandshakeValues([.. all], StringComparison.Ordinal);
    }
}
