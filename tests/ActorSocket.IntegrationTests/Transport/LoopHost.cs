using System.Net;
using System.Net.Sockets;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using System.Text;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace ActorSocket.IntegrationTests.Transport;

/// <summary>An application on event loops, with a port for each protocol.</summary>
internal sealed class LoopHost : IAsyncDisposable
{
    private static readonly X509Certificate2 Certificate = NewCertificate();

    private readonly WebApplication _app;

    private LoopHost(WebApplication app, RecordedLog log) => (_app, Log) = (app, log);

    public RecordedLog Log { get; }

    public IServiceProvider Services => _app.Services;

    /// <summary>HTTP/1.1; HTTP/2 without TLS; both over TLS.</summary>
    public Uri Http1 => new(_app.Urls.ElementAt(0));

    public Uri Http2 => new(_app.Urls.ElementAt(1));

    public Uri Tls => new(_app.Urls.ElementAt(2));

    /// <summary>Of the endpoint that the test added.</summary>
    public Uri Last => new(_app.Urls.Last());

    public static async Task<LoopHost> StartAsync(
        Action<WebApplication>? map = null,
        Action<KestrelServerOptions>? kestrel = null,
        Action<IServiceCollection>? services = null,
        int port = 0,
        Action<ActorSocketTransportOptions>? transport = null
    )
    {
        var log = new RecordedLog();
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders().AddProvider(log);
        builder.WebHost.UseKestrelHttpsConfiguration().UseActorSocketTransport(options =>
        {
            options.LoopCount = 2;
            transport?.Invoke(options);
        });
        builder.WebHost.ConfigureKestrel(options =>
        {
            options.Limits.MaxRequestBodySize = null;
            options.Listen(IPAddress.Loopback, port);
            options.Listen(IPAddress.Loopback, 0, static endpoint => endpoint.Protocols = HttpProtocols.Http2);
            options.Listen(IPAddress.Loopback, 0, static endpoint => endpoint.UseHttps(Certificate));
            kestrel?.Invoke(options);
        });
        services?.Invoke(builder.Services);
        var app = builder.Build();
        app.MapPost("/echo", static async context =>
        {
            using var body = new MemoryStream(); // whole: a client may send all of it before it reads
            await context.Request.Body.CopyToAsync(body);
            context.Response.ContentLength = body.Length;
            await context.Response.Body.WriteAsync(body.GetBuffer().AsMemory(0, (int)body.Length));
        });
        app.MapGet("/hello", static () => "hello");
        map?.Invoke(app);
        await app.StartAsync();
        return new LoopHost(app, log);
    }

    /// <summary>A client that speaks just this version, and trusts the host's certificate.</summary>
    public static HttpClient NewClient(Uri url, Version version) =>
        new(
            new SocketsHttpHandler
            {
                SslOptions =
                {
                    RemoteCertificateValidationCallback = static (_, seen, _, _) => seen?.GetCertHashString() == Certificate.Thumbprint,
                },
            }
        )
        {
            BaseAddress = url,
            DefaultRequestVersion = version,
            DefaultVersionPolicy = HttpVersionPolicy.RequestVersionExact,
            Timeout = TimeSpan.FromMinutes(2),
        };

    /// <summary>A bare connection to <see cref="Http1"/>.</summary>
    public async Task<TcpClient> ConnectAsync()
    {
        var client = new TcpClient { NoDelay = true };
        await client.ConnectAsync(IPAddress.Loopback, Http1.Port);
        return client;
    }

    public Task StopAsync() => _app.StopAsync();

    public async ValueTask DisposeAsync()
    {
        try
        {
            await _app.StopAsync(new CancellationToken(canceled: true));
        }
        catch (OperationCanceledException)
        {
            // What would have waited for clients.
        }
        await _app.DisposeAsync();
    }

    /// <summary>Everything until the server ends it; null when it was reset.</summary>
    public static async Task<string?> ReadToEndAsync(TcpClient client)
    {
        try
        {
            await using var stream = new NetworkStream(client.Client, ownsSocket: false); // GetStream wants both directions open
            using var reader = new StreamReader(stream, Encoding.ASCII);
            return await reader.ReadToEndAsync().WaitAsync(TimeSpan.FromSeconds(30));
        }
        catch (IOException)
        {
            return null;
        }
    }

    private static X509Certificate2 NewCertificate()
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var request = new CertificateRequest("CN=localhost", key, HashAlgorithmName.SHA256);
        return request.CreateSelfSigned(DateTimeOffset.UtcNow.AddDays(-1), DateTimeOffset.UtcNow.AddDays(1));
    }
}

/// <summary>Tests of what is the whole process's run beside no others.</summary>
[CollectionDefinition(nameof(OneProcess), DisableParallelization = true)]
public sealed class OneProcess;
