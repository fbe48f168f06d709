using System.Net;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace ActorSocket.ClientTests.Infrastructure;

/// <summary>An HTTP proxy before the server that lets everything pass but <c>Upgrade</c>.</summary>
internal sealed class UpgradeRefusingProxy : IAsyncDisposable
{
    private static readonly HashSet<string> OfThisHop = new(StringComparer.OrdinalIgnoreCase)
    {
        "Connection",
        "Keep-Alive",
        "Transfer-Encoding",
        "Upgrade",
        "Proxy-Connection",
    };

    private readonly WebApplication _app;
    private readonly HttpMessageInvoker _server = new(new SocketsHttpHandler { AllowAutoRedirect = false, UseCookies = false });
    private int _refused;

    private UpgradeRefusingProxy(Uri target, UpgradePolicy policy)
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.ConfigureKestrel(kestrel => kestrel.Listen(IPAddress.Loopback, 0));
        _app = builder.Build();
        _app.Run(context => ForwardAsync(context, target, policy));
    }

    public Uri Url { get; private set; } = new("http://127.0.0.1:0");

    /// <summary>How many upgrades were asked for and not let through.</summary>
    public int Refused => Volatile.Read(ref _refused);

    public static async Task<UpgradeRefusingProxy> StartAsync(Uri target, UpgradePolicy policy)
    {
        var proxy = new UpgradeRefusingProxy(target, policy);
        await proxy._app.StartAsync().WaitForAsync("the proxy to start");
        proxy.Url = new Uri(proxy._app.Services.GetRequiredService<IServer>().Features.Get<IServerAddressesFeature>()!.Addresses.Single());
        return proxy;
    }

    public async ValueTask DisposeAsync()
    {
        _server.Dispose();
        await _app.DisposeAsync();
    }

    private async Task ForwardAsync(HttpContext context, Uri target, UpgradePolicy policy)
    {
        if (context.Request.Headers.ContainsKey("Upgrade"))
        {
            Interlocked.Increment(ref _refused);
            if (policy is UpgradePolicy.Refuse)
            {
                context.Response.StatusCode = StatusCodes.Status403Forbidden;
                return;
            }
        }

        using var request = new HttpRequestMessage(
            new HttpMethod(context.Request.Method),
            new Uri(target, context.Request.Path + context.Request.QueryString)
        );
        if (context.Request.ContentLength is not null || context.Request.Headers.TransferEncoding.Count > 0)
            request.Content = new StreamContent(context.Request.Body);
        foreach (var (name, values) in context.Request.Headers)
        {
            if (!OfThisHop.Contains(name) && !request.Headers.TryAddWithoutValidation(name, values.ToArray()))
                request.Content?.Headers.TryAddWithoutValidation(name, values.ToArray());
        }

        try
        {
            using var response = await _server.SendAsync(request, context.RequestAborted);
            context.Response.StatusCode = (int)response.StatusCode;
            foreach (var (name, values) in response.Headers.Concat(response.Content.Headers))
            {
                if (!OfThisHop.Contains(name))
                    context.Response.Headers[name] = values.ToArray();
            }

            await response.Content.CopyToAsync(context.Response.Body, context.RequestAborted);
        }
        catch (Exception e) when (e is HttpRequestException or OperationCanceledException or ObjectDisposedException)
        {
            context.Abort();
        }
    }
}
