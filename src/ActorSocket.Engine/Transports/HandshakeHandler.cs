using System.Globalization;
using System.Text;
using ActorSocket.Diagnostics;
using ActorSocket.Protocol.EngineIo;
using ActorSocket.Protocol.SocketIo;
using ActorSocket.Sessions;
using Akka.Actor;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.AspNetCore.Http.Features.Authentication;
using Microsoft.Net.Http.Headers;

namespace ActorSocket.Transports;

/// <summary>
/// Opens sessions: checks the requests that have no id yet, in the official server's order (E-03), and makes their connections.
/// </summary>
internal sealed class HandshakeHandler(EngineServer server, PollingTransport polling, CorsHeaders? cors, EngineErrorResponses errors)
{
    private const string CorsMiddlewareMark = "__CorsMiddlewareWithEndpointInvoked"; // left by ASP.NET Core's own

    // A session starts in a moment, unless the server has just stopped, or its node was downed.
    private static readonly TimeSpan OpenTimeout = TimeSpan.FromSeconds(5);

    /// <summary>Opens a session. A WebSocket is given back to be run by the caller.</summary>
    public async Task<WebSocketTransport?> OpenAsync(HttpContext context, QueryValues query, string transport, WebSocketUpgrade? upgrade)
    {
        if (!HttpMethods.IsGet(context.Request.Method) && upgrade is not { IsExtendedConnect: true })
        {
            await errors.AnswerAsync(
                context, EngineIoError.BadHandshakeMethod, upgrade, [("method", context.Request.Method)]).ConfigureAwait(false);
            return null;
        }
        var webSocket = transport == TransportNames.WebSocket;
        var fault = upgrade?.FaultOf(context.Request);
        if (webSocket && (upgrade is null || fault is not null))
        {
            await errors
                .AnswerAsync(context, EngineIoError.BadRequest, upgrade, [(EngineErrorResponses.Name, "TRANSPORT_HANDSHAKE_ERROR")], fault)
                .ConfigureAwait(false);
            return null;
        }
        if (webSocket && !IsOriginAllowed(context.Request))
        {
            await errors.AnswerAsync(
                context, EngineIoError.Forbidden, upgrade, [("origin", context.Request.Headers.Origin.ToString())]).ConfigureAwait(false);
            return null;
        }
        if (server.Options.AllowRequest is { } allow && await allow(context, context.RequestAborted).ConfigureAwait(false) is { } reason)
        {
            await errors.AnswerAsync(
                context, EngineIoError.Forbidden, upgrade, [("message", reason)], reason.Length == 0 ? null : reason).ConfigureAwait(false);
            return null;
        }
        if (query.IsRevision3 && !server.Options.AllowEIO3)
        {
            errors.HintOnce(2, static log => log.OldClient());
            await errors.AnswerAsync(
                context, EngineIoError.UnsupportedProtocolVersion, upgrade, [("protocol", "3")]).ConfigureAwait(false);
            return null;
        }
        if (server.IsDraining || server.Root.IsNobody() || !server.Placement.IsReady
            || !server.Sessions.TryReserve(server.Options.MaxConnections ?? int.MaxValue))
        {
            EngineErrorResponses.AnswerUnavailable(context);
            return null;
        }
        if (cors is null && !webSocket && context.Request.Headers.Origin is { Count: > 0 } origin
            && !RequestOrigin.IsOwn(origin.ToString(), context.Request) && !context.Items.ContainsKey(CorsMiddlewareMark))
        {
            errors.HintOnce(4, static log => log.CorsIsOff());
        }
        return await OpenReservedAsync(context, query, webSocket ? upgrade : null).ConfigureAwait(false);
    }

    private async Task<WebSocketTransport?> OpenReservedAsync(HttpContext context, QueryValues query, WebSocketUpgrade? upgrade)
    {
        EngineConnection connection;
        try
        {
            var own = server.Options.GenerateId is { } generate ? await generate(context).ConfigureAwait(false) : null;
            connection = new EngineConnection(server, server.Placement.NewSid(own), Copy(context, query), query.Form);
            if (!server.Sessions.TryAdd(connection))
                throw new InvalidOperationException("It made an id that is in use.");
        }
        catch (Exception error)
        {
            server.Sessions.CancelReservation();
            if (context.RequestAborted.IsCancellationRequested)
                return null;
            server.Log.IdGenerationFailed(error);
            await errors.AnswerAsync(
                context, EngineIoError.BadRequest, upgrade,
                [(EngineErrorResponses.Name, "ID_GENERATION_ERROR"), ("error", error.Message)]).ConfigureAwait(false);
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
            {
                var value = SetCookie(cookie.Name ?? "io", connection.Sid, cookie.Build(context));
                context.Response.Headers.Append(HeaderNames.SetCookie, value);
            }
            if (upgrade is not null)
            {
                var link = await upgrade.AcceptAsync(context).ConfigureAwait(false);
                transport = new WebSocketTransport(server, connection, link, connection.Form);
                connection.AttachWebSocket(transport);
            }
            if (transport is null)
                Greet();
            var opened = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
            server.Root.Tell(new SessionProtocol.Open(connection, transport, opened));
            await opened.Task.WaitAsync(OpenTimeout, server.Time, context.RequestAborted).ConfigureAwait(false);
            if (transport is not null)
                Greet(); // not in one segment with the 101: there are clients that begin to listen only when they have read that
        }
        catch (TimeoutException)
        {
            connection.Forget();
            if (context.Response.HasStarted)
                context.Abort();
            else
                EngineErrorResponses.AnswerUnavailable(context);
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
            await polling.GetAsync(context, connection, query["j"]).ConfigureAwait(false);
        return transport;

        void Greet()
        {
            connection.Outbound.Append(open);
            if (options.InitialPacket is { } initial)
                connection.Outbound.Append(EncodedFrame.Control(Encoding.UTF8.GetBytes("4" + initial)));
        }
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

    /// <summary>A WebSocket's origin: browsers let a page open one to anybody, and leave it to the server.</summary>
    private bool IsOriginAllowed(HttpRequest request)
    {
        var check = server.Options.CheckWebSocketOrigin ?? server.Options.Cors is { AllowAnyOrigin: false };
        if (!check || request.Headers.Origin is not { Count: > 0 } header)
            return true;
        var origin = header.ToString();
        return RequestOrigin.IsOwn(origin, request) || cors?.Allows(origin) is true;
    }

    private HandshakeRequest Copy(HttpContext context, QueryValues query)
    {
        var request = context.Request;
        var headers = new KeyValuePair<string, string>[request.Headers.Count];
        var at = 0;
        foreach (var (name, values) in request.Headers)
            headers[at++] = new(HandshakeValues.LowerCase(name), values.ToString());
        var address = context.Connection.RemoteIpAddress;
        return new HandshakeRequest(
            new HandshakeValues(headers, StringComparison.OrdinalIgnoreCase),
            query.ToValues(),
            (address is { IsIPv4MappedToIPv6: true } ? address.MapToIPv4() : address)?.ToString() ?? "",
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
            .Select(static pair => KeyValuePair.Create(pair.Key, Convert.ToString(pair.Value, CultureInfo.InvariantCulture) ?? ""))
            .ToArray();
        return values.Length == 0 ? HandshakeValues.None : new HandshakeValues(values, StringComparison.OrdinalIgnoreCase);
    }
}
