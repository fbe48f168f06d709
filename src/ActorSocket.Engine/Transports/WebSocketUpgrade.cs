using System.Net.WebSockets;
using System.Security.Cryptography;
using System.Text;
using Microsoft.AspNetCore.Connections.Features;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;

namespace ActorSocket.Transports;

/// <summary>A request that wants to become a WebSocket, in whichever way the server below offers it.</summary>
internal abstract class WebSocketUpgrade
{
    /// <summary>What is wrong with its handshake, in the words of the <c>ws</c> package (E-13); null when nothing is.</summary>
    public string? FaultOf(HttpRequest request) =>
        KeyFaultOf(request)
        ?? (Subprotocols.TryRead(request.Headers.SecWebSocketProtocol, out _) ? null : "Invalid Sec-WebSocket-Protocol header");

    protected virtual string? KeyFaultOf(HttpRequest request) => null;

    /// <summary>Whether it is an HTTP/2 extended CONNECT (RFC 8441), whose method is not GET.</summary>
    public virtual bool IsExtendedConnect => false;

    public abstract Task<WebSocketLink> AcceptAsync(HttpContext context);

    public static WebSocketUpgrade? Detect(HttpContext context, EngineIoOptions options)
    {
        var features = context.Features;
        var deflate = options.PerMessageDeflate;
        if (features.Get<IHttpUpgradeFeature>() is { IsUpgradableRequest: true } upgrade
            && features.Get<IConnectionTransportFeature>() is { } transport
            && features.Get<IConnectionLifetimeFeature>() is { } lifetime)
        {
            return context.Request.Headers.Upgrade.ToString().Equals("websocket", StringComparison.OrdinalIgnoreCase)
                ? new Http1(upgrade, transport, lifetime, options) : null;
        }
        if (features.Get<IHttpExtendedConnectFeature>() is { IsExtendedConnect: true, Protocol: "websocket" } connect)
            return new Http2(connect, deflate);
        return features.Get<IHttpWebSocketFeature>() is { IsWebSocketRequest: true } accepted ? new Hosted(accepted) : null;
    }

    private static WebSocketDeflateOptions? Negotiate(HttpContext context, PerMessageDeflateOptions? own)
    {
        if (
            own is null
            || !PerMessageDeflate.TryNegotiate(context.Request.Headers.SecWebSocketExtensions, own, out var answer, out var agreed)
        )
            return null;
        context.Response.Headers.SecWebSocketExtensions = answer;
        return agreed;
    }

    private static string? Subprotocol(HttpContext context) =>
        Subprotocols.TryRead(context.Request.Headers.SecWebSocketProtocol, out var first) ? first : null;

    private static ManagedLink Adapt(Stream stream, HttpContext context, PerMessageDeflateOptions? own, WebSocketDeflateOptions? agreed)
    {
        var options = new WebSocketCreationOptions
        {
            IsServer = true,
            KeepAliveInterval = Timeout.InfiniteTimeSpan,
            DangerousDeflateOptions = agreed,
        };
        return new ManagedLink(WebSocket.CreateFromStream(stream, options), context, agreed is null ? null : own!.Threshold);
    }

    /// <summary>HTTP/1.1 on Kestrel: after the 101 we frame on the connection's own pipes.</summary>
    private sealed class Http1(
        IHttpUpgradeFeature upgrade,
        IConnectionTransportFeature transport,
        IConnectionLifetimeFeature lifetime,
        EngineIoOptions options
    ) : WebSocketUpgrade
    {
        private const string KeySuffix = "258EAFA5-E914-47DA-95CA-C5AB0DC85B11"; // RFC 6455 §4.2.2

        protected override string? KeyFaultOf(HttpRequest request)
        {
            if (!HttpMethods.IsGet(request.Method))
                return "Invalid HTTP method";
            Span<byte> nonce = stackalloc byte[24];
            if (
                request.Headers.SecWebSocketKey.ToString() is not { Length: 24 } key
                || !Convert.TryFromBase64String(key, nonce, out var length)
                || length != 16
            )
                return "Missing or invalid Sec-WebSocket-Key header";
            // 8: the last draft, the same on the wire
            return request.Headers.SecWebSocketVersion.ToString() is "13" or "8" ? null : "Missing or invalid Sec-WebSocket-Version header";
        }

        public override async Task<WebSocketLink> AcceptAsync(HttpContext context)
        {
            var headers = context.Response.Headers;
            headers.Upgrade = "websocket";
            headers.Connection = "Upgrade";
#pragma warning disable CA5350 // SHA-1 is what the WebSocket handshake asks for; nothing rests on it
            headers.SecWebSocketAccept = Convert.ToBase64String(
                SHA1.HashData(Encoding.ASCII.GetBytes(context.Request.Headers.SecWebSocketKey + KeySuffix))
            );
#pragma warning restore CA5350
            if (Subprotocol(context) is { } subprotocol)
                headers.SecWebSocketProtocol = subprotocol;
            var agreed = Negotiate(context, options.PerMessageDeflate);
            var stream = await upgrade.UpgradeAsync().ConfigureAwait(false);
            if (agreed is not null)
                return Adapt(stream, context, options.PerMessageDeflate, agreed);
            var takeover = options.HoldRequests ? null : ConnectionTakeover.Of(context, transport.Transport);
            return takeover?.Loop is { } loop
                ? new LoopLink(loop, transport.Transport.Input, takeover)
                : new PipeLink(transport.Transport, lifetime, takeover);
        }
    }

    private sealed class Http2(IHttpExtendedConnectFeature connect, PerMessageDeflateOptions? deflate) : WebSocketUpgrade
    {
        public override bool IsExtendedConnect => true;

        public override async Task<WebSocketLink> AcceptAsync(HttpContext context)
        {
            var agreed = Negotiate(context, deflate);
            if (Subprotocol(context) is { } subprotocol)
                context.Response.Headers.SecWebSocketProtocol = subprotocol;
            return Adapt(await connect.AcceptAsync().ConfigureAwait(false), context, deflate, agreed);
        }
    }

    /// <summary>A server that gives WebSockets only ready-made: TestServer.</summary>
    private sealed class Hosted(IHttpWebSocketFeature feature) : WebSocketUpgrade
    {
        public override async Task<WebSocketLink> AcceptAsync(HttpContext context) =>
            new ManagedLink(
                await feature
                    .AcceptAsync(
                        new WebSocketAcceptContext { KeepAliveInterval = Timeout.InfiniteTimeSpan, SubProtocol = Subprotocol(context) }
                    )
                    .ConfigureAwait(false),
                context
            );
    }
}
