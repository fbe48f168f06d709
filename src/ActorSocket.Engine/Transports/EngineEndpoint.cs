using ActorSocket.Diagnostics;
using ActorSocket.Protocol.EngineIo;
using ActorSocket.Sessions;
using Microsoft.AspNetCore.Diagnostics;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.AspNetCore.Http.Timeouts;

namespace ActorSocket.Transports;

/// <summary>
/// Where every request of a server arrives: checks it in the official server's order (E-03), lets <see cref="HandshakeHandler"/> open
/// sessions, and hands requests to their transport.
/// </summary>
internal sealed class EngineEndpoint
{
    private readonly EngineHttp _http;
    private readonly EngineServer _server;
    private readonly PollingTransport _polling;
    private readonly CorsHeaders? _cors;
    private readonly EngineErrorResponses _errors;
    private readonly HandshakeHandler _handshakes;

    public EngineEndpoint(EngineHttp http)
    {
        _http = http;
        _server = http.Engine;
        _polling = new PollingTransport(_server);
        _cors = _server.Options.Cors is { } policy ? new CorsHeaders(policy) : null;
        _errors = new EngineErrorResponses(http);
        _handshakes = new HandshakeHandler(_server, _polling, _cors, _errors);
    }

    /// <summary>
    /// What it took to get there is gone by the time that a request waits: it would otherwise stay in memory for as long.
    /// </summary>
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
        if (path is null || !path.TryMatch(request.Path.Value, allowBare: !_server.Options.AddTrailingSlash, out var rest))
        {
            context.Response.StatusCode = StatusCodes.Status404NotFound;
            return default;
        }
        var file = rest.ToString();
        Exempt(context.Features);
        if (
            _cors is not null
            && HttpMethods.IsOptions(request.Method)
            && !(
                RequestOrigin.IsPrintable(request.Headers.Origin) && RequestOrigin.IsPrintable(request.Headers.AccessControlRequestHeaders)
            )
        )
        {
            await _errors.AnswerAsync(
                context, EngineIoError.BadRequest, null, [(EngineErrorResponses.Name, "INVALID_PREFLIGHT")]).ConfigureAwait(false);
            return default;
        }
        if (_cors is not null && _cors.Apply(context))
            return default; // a preflight
        _polling.CloseWhenDraining(context);
        if (_http.Files is { } files && file.Length > 0 && await files(context, file).ConfigureAwait(false))
            return default;
        var query = new QueryValues(request.QueryString);
        var upgrade = WebSocketUpgrade.Detect(context, _server.Options);
        var transport = query["transport"];
        if (!Offers(transport))
        {
            if (upgrade is not null && query["EIO"].Length == 0)
                _errors.HintOnce(1, static log => log.PlainWebSocketClient());
            await _errors.AnswerAsync(context, EngineIoError.UnknownTransport, upgrade, [("transport", transport)]).ConfigureAwait(false);
            return default;
        }
        if (!RequestOrigin.IsPrintable(request.Headers.Origin))
        {
            await _errors.AnswerAsync(
                context, EngineIoError.BadRequest, upgrade,
                [(EngineErrorResponses.Name, "INVALID_ORIGIN"), ("origin", request.Headers.Origin.ToString())]).ConfigureAwait(false);
            return default;
        }
        if (query["sid"] is { Length: > 0 } sid)
            return await ContinueAsync(context, query, sid, transport, upgrade).ConfigureAwait(false);
        return new Rest(await _handshakes.OpenAsync(context, query, transport, upgrade).ConfigureAwait(false), null, "");
    }

    private async Task<Rest> ContinueAsync(HttpContext context, QueryValues query, string sid, string transport, WebSocketUpgrade? upgrade)
    {
        if (!_server.Sessions.TryGet(sid, out var connection))
        {
            var isRefused = transport != TransportNames.WebSocket || !_server.Options.AllowUpgrades;
            var stray = new StrayRequest(sid, transport == TransportNames.WebSocket, query["j"], query.Form, upgrade, isRefused);
            var error = await _http.Relay.ServeAsync(context, stray).ConfigureAwait(false);
            if (error is EngineIoError.UnknownSid)
                await _errors.AnswerAsync(context, EngineIoError.UnknownSid, upgrade, [("sid", sid)]).ConfigureAwait(false);
            else if (error is { } mismatch)
                await _errors
                    .AnswerAsync(context, mismatch, upgrade, [(EngineErrorResponses.Name, "TRANSPORT_MISMATCH"), ("transport", transport)])
                    .ConfigureAwait(false);
        }
        else if (PollingRules.Check(connection, query.IsRevision3, transport == TransportNames.WebSocket) is var mismatch
            && mismatch == Mismatch.Protocol)
        {
            await _errors.AnswerAsync(
                context, EngineIoError.BadRequest, upgrade,
                [(EngineErrorResponses.Name, "PROTOCOL_MISMATCH"), ("protocol", query["EIO"])]).ConfigureAwait(false);
        }
        else if (upgrade is not null)
        {
            // Whether the session takes it, and whether it may at all, is said on the WebSocket, by closing it (E-10, E-80).
            if (upgrade.FaultOf(context.Request) is { } fault)
            {
                await _errors.AnswerAsync(
                    context, EngineIoError.BadRequest, upgrade,
                    [(EngineErrorResponses.Name, "TRANSPORT_HANDSHAKE_ERROR")], fault).ConfigureAwait(false);
                return default;
            }
            await _server.Options.RaiseHeadersAsync(context).ConfigureAwait(false);
            var refused = transport != TransportNames.WebSocket || !_server.Options.AllowUpgrades;
            var link = await upgrade.AcceptAsync(context).ConfigureAwait(false);
            await new WebSocketTransport(_server, connection, link, query.Form).RunUpgradeAsync(refused).ConfigureAwait(false);
        }
        else if (mismatch == Mismatch.Transport)
        {
            await _errors
                .AnswerAsync(
                    context,
                    EngineIoError.BadRequest,
                    null,
                    [
                        (EngineErrorResponses.Name, "TRANSPORT_MISMATCH"),
                        ("transport", transport),
                        ("previousTransport", connection.TransportName),
                    ]
                )
                .ConfigureAwait(false);
        }
        else if (connection.Relayed is { } relayed
            && !await relayed.HasGotAnswerAsync(HttpMethods.IsPost(context.Request.Method)).ConfigureAwait(false))
        {
            await _errors.AnswerAsync(context, EngineIoError.UnknownSid, null, [("sid", sid)]).ConfigureAwait(false);
        }
        else
        {
            await _server.Options.RaiseHeadersAsync(context).ConfigureAwait(false);
            return new Rest(null, connection, query["j"]);
        }
        return default;
    }

    private bool Offers(string transport) => transport switch
    {
        TransportNames.Polling => _server.Options.Transports.HasFlag(TransportKinds.Polling),
        TransportNames.WebSocket => _server.Options.Transports.HasFlag(TransportKinds.WebSocket),
        _ => false,
    };

    /// <summary>
    /// A poll waits for as long as a heartbeat, however short the application's requests are to be; and clients read the official server's
    /// answers to what they did wrong, not a page that says so.
    /// </summary>
    private static void Exempt(IFeatureCollection features)
    {
        // Where the middleware stands before routing, and does not know the endpoint.
        features.Get<IHttpRequestTimeoutFeature>()?.DisableTimeout();
        if (features.Get<IStatusCodePagesFeature>() is { } pages)
            pages.Enabled = false;
    }

    private readonly record struct Rest(WebSocketTransport? WebSocket, EngineConnection? Poller, string Jsonp);
}
