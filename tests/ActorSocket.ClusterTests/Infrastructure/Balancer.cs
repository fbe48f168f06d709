using System.Collections.Concurrent;
using System.Net;
using System.Net.Sockets;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using ActorSocket.ClientTests.Infrastructure;

namespace ActorSocket.ClusterTests.Infrastructure;

/// <summary>
/// A load balancer that makes it as hard as can be: each request and each WebSocket goes to the next node, whoever it belongs to. A node
/// that refuses the connection, or a handshake with 503, is passed over.
/// </summary>
internal sealed class Balancer : IAsyncDisposable
{
    private static readonly HashSet<string> OfThisHop = new(StringComparer.OrdinalIgnoreCase)
    {
        "Connection",
        "Keep-Alive",
        "Transfer-Encoding",
        "Proxy-Connection",
        "Upgrade",
    };

    private readonly WebApplication _app;
    private readonly ConcurrentDictionary<string, ConcurrentQueue<int>> _bySid = new(StringComparer.Ordinal);
    private readonly HttpMessageInvoker _nodes = new(new SocketsHttpHandler
    {
        AllowAutoRedirect = false,
        UseCookies = false,
        UseProxy = false,
        AutomaticDecompression = DecompressionMethods.None,
        PooledConnectionLifetime = TimeSpan.Zero, // a connection for each request: none is found dead when it is used again
    });

    private NodeProcess[] _targets = [];
    private int _handshakes;
    private int _requests;

    private Balancer()
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.ConfigureKestrel(kestrel =>
        {
            kestrel.Listen(IPAddress.Loopback, 0);
            kestrel.Limits.MaxRequestBodySize = null;
        });
        _app = builder.Build();
        _app.Run(ForwardAsync);
    }

    public Uri Url { get; private set; } = new("http://127.0.0.1:0");

    public static async Task<Balancer> StartAsync(params NodeProcess[] targets)
    {
        var balancer = new Balancer { _targets = targets };
        await balancer._app.StartAsync().WaitForAsync("the balancer to start");
        balancer.Url = new Uri(
            balancer._app.Services.GetRequiredService<IServer>().Features.Get<IServerAddressesFeature>()!.Addresses.Single()
        );
        return balancer;
    }

    /// <summary>The nodes that requests go to from now on.</summary>
    public void Target(params NodeProcess[] targets) => Volatile.Write(ref _targets, targets);

    /// <summary>The HTTP ports of the nodes that requests of a session went to.</summary>
    public IReadOnlyCollection<int> PortsOf(string sid) => _bySid.TryGetValue(sid, out var ports) ? ports : [];

    public async ValueTask DisposeAsync()
    {
        _nodes.Dispose();
        using var now = new CancellationTokenSource();
        await now.CancelAsync();
        await _app.StopAsync(now.Token);
        await _app.DisposeAsync();
    }

    private async Task ForwardAsync(HttpContext context)
    {
        var targets = Volatile.Read(ref _targets);
        var sid = context.Request.Query["sid"].ToString();
        // Handshakes have a count of their own: clients spread evenly, whatever else goes on.
        var first = (uint)(sid.Length == 0 ? Interlocked.Increment(ref _handshakes) : Interlocked.Increment(ref _requests));
        for (var i = 0; i < targets.Length; i++)
        {
            var target = targets[(first + i) % targets.Length];
            try
            {
                if (!await TryAsync(context, target, sid, isLast: i + 1 == targets.Length))
                    continue;
                return;
            }
            catch (HttpRequestException e) when (e.InnerException is SocketException { SocketErrorCode: SocketError.ConnectionRefused })
            {
                // The next one, then.
            }
            catch (Exception e)
                when (e
                        is HttpRequestException
                            or IOException
                            or OperationCanceledException
                            or ObjectDisposedException
                            or InvalidOperationException
                )
            {
                context.Abort();
                return;
            }
        }
        context.Response.StatusCode = StatusCodes.Status502BadGateway;
    }

    private async Task<bool> TryAsync(HttpContext context, NodeProcess target, string sid, bool isLast)
    {
        var isUpgrade = context.Request.Headers.ContainsKey("Upgrade");
        using var request = new HttpRequestMessage(
            new HttpMethod(context.Request.Method),
            new Uri(target.Url, context.Request.Path + context.Request.QueryString)
        );
        if (context.Request.ContentLength is not null || context.Request.Headers.TransferEncoding.Count > 0)
            request.Content = new StreamContent(context.Request.Body);
        foreach (var (name, values) in context.Request.Headers)
        {
            if (!OfThisHop.Contains(name) && !request.Headers.TryAddWithoutValidation(name, values.ToArray()))
                request.Content?.Headers.TryAddWithoutValidation(name, values.ToArray());
        }
        if (isUpgrade)
        {
            request.Headers.TryAddWithoutValidation("Connection", "Upgrade");
            request.Headers.TryAddWithoutValidation("Upgrade", context.Request.Headers.Upgrade.ToArray());
        }
        using var response = await _nodes.SendAsync(request, context.RequestAborted);
        if (response.StatusCode == HttpStatusCode.ServiceUnavailable && sid.Length == 0 && !isLast)
            return false;
        if (sid.Length > 0)
            _bySid.GetOrAdd(sid, static _ => new()).Enqueue(target.HttpPort);
        context.Response.StatusCode = (int)response.StatusCode;
        foreach (var (name, values) in response.Headers.Concat(response.Content.Headers))
        {
            if (!OfThisHop.Contains(name))
                context.Response.Headers[name] = values.ToArray();
        }
        if (response.StatusCode == HttpStatusCode.SwitchingProtocols)
        {
            context.Response.Headers.Upgrade = "websocket";
            await RelayAsync(context, response);
        }
        else
        {
            await response.Content.CopyToAsync(context.Response.Body, context.RequestAborted);
        }
        return true;
    }

    private static async Task RelayAsync(HttpContext context, HttpResponseMessage response)
    {
        await using var node = await response.Content.ReadAsStreamAsync(context.RequestAborted);
        await using var client = await context.Features.GetRequiredFeature<IHttpUpgradeFeature>().UpgradeAsync();
        using var over = CancellationTokenSource.CreateLinkedTokenSource(context.RequestAborted);
        var up = PumpAsync(client, node, over);
        var down = PumpAsync(node, client, over);
        await Task.WhenAll(up, down);
        context.Abort();
    }

    /// <summary>Until one side ends: then both do, at once, as nginx does it.</summary>
    private static async Task PumpAsync(Stream from, Stream to, CancellationTokenSource over)
    {
        try
        {
            var buffer = new byte[16 * 1024];
            while (await from.ReadAsync(buffer, over.Token) is > 0 and var length)
                await to.WriteAsync(buffer.AsMemory(0, length), over.Token);
        }
        catch (Exception e) when (e is IOException or OperationCanceledException or ObjectDisposedException or InvalidOperationException)
        {
            // The other side ends with it.
        }
        await over.CancelAsync();
    }
}
