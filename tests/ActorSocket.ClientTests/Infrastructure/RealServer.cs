using System.Collections.Concurrent;
using System.Net;
using System.Security.Cryptography.X509Certificates;
using ActorSocket.WireHost;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Xunit.Abstractions;

namespace ActorSocket.ClientTests.Infrastructure;

/// <summary>
/// A Kestrel server as a user would build it, with <see cref="TestHandlers"/>; it can be stopped and started again on its port.
/// </summary>
internal sealed class RealServer : IAsyncDisposable
{
    private readonly ITestOutputHelper _output;
    private readonly Action<ActorSocketOptions>? _configure;
    private readonly X509Certificate2? _certificate;
    private readonly string _path;
    private readonly ConcurrentQueue<string> _log = new();
    private WebApplication? _app;
    private int _port;

    private RealServer(
        ITestOutputHelper output,
        Action<ActorSocketOptions>? configure,
        X509Certificate2? certificate,
        int port,
        string path
    )
    {
        _path = path;
        _port = port;
        _output = output;
        _configure = configure;
        _certificate = certificate;
    }

    public Uri Url { get; private set; } = new("http://127.0.0.1:0");

    public ActorSocketServer Io { get; private set; } = null!;

    public Journal Journal { get; } = new();

    /// <summary>What was logged at Information and above; of ASP.NET Core, at Warning.</summary>
    public IReadOnlyCollection<string> Log => _log;

    /// <param name="output">Where the server's log goes at the end.</param>
    /// <param name="configure">Options other than the defaults.</param>
    /// <param name="certificate">Makes it an HTTPS server.</param>
    /// <param name="port">0 for any; <see cref="Ports.Free"/> for a server that is stopped and started again.</param>
    /// <param name="path">Where it is mapped.</param>
    public static async Task<RealServer> StartAsync(
        ITestOutputHelper output,
        Action<ActorSocketOptions>? configure = null,
        X509Certificate2? certificate = null,
        int port = 0,
        string path = "/socket.io"
    )
    {
        var server = new RealServer(output, configure, certificate, port, path);
        await server.StartAsync();
        return server;
    }

    /// <summary>Starts, or starts again on the same port.</summary>
    public async Task StartAsync()
    {
        var builder = WebApplication.CreateSlimBuilder(
            new WebApplicationOptions { EnvironmentName = "Production", ContentRootPath = AppContext.BaseDirectory }
        );
        builder.Logging.ClearProviders().AddProvider(new QueueLoggerProvider(_log)).SetMinimumLevel(LogLevel.Information);
        builder.WebHost.UseKestrelHttpsConfiguration().ConfigureKestrel(kestrel => kestrel.Listen(IPAddress.Loopback, _port, listen =>
        {
            if (_certificate is not null)
                listen.UseHttps(_certificate);
        }));
        builder.Services.AddActorSocket(options =>
        {
            TestHandlers.Configure(options);
            _configure?.Invoke(options);
        });

        TestScheme.AddTo(builder.Services);
        _app = builder.Build();
        Io = _app.MapActorSocket(_path);
        TestHandlers.Map(Io, Journal.Add);
        _app.MapGet(
            "/",
            () => TypedResults.Text("<!doctype html><title>Test</title><script src=/socket.io/socket.io.js></script>", "text/html")
        );
        await _app.StartAsync().WaitForAsync("the server to start");
        Url = new Uri(_app.Services.GetRequiredService<IServer>().Features.Get<IServerAddressesFeature>()!.Addresses.Single());
        _port = Url.Port;
    }

    /// <summary>Stops as an operator would: with SIGTERM.</summary>
    public async Task StopAsync()
    {
        if (Interlocked.Exchange(ref _app, null) is { } app)
        {
            await app.StopAsync().WaitForAsync("the server to stop");
            await app.DisposeAsync();
        }
    }

    public async ValueTask DisposeAsync()
    {
        await StopAsync();
        foreach (var line in _log)
            _output.WriteLine(line);
    }

    private sealed class QueueLoggerProvider(ConcurrentQueue<string> lines) : ILoggerProvider
    {
        public ILogger CreateLogger(string categoryName) => new QueueLogger(categoryName, lines);

        public void Dispose()
        {
            // Nothing is held.
        }
    }

    private sealed class QueueLogger(string category, ConcurrentQueue<string> lines) : ILogger
    {
        public IDisposable? BeginScope<TState>(TState state)
            where TState : notnull => null;

        public bool IsEnabled(LogLevel logLevel) => logLevel >= LogLevel.Information;

        public void Log<TState>(
            LogLevel logLevel,
            EventId eventId,
            TState state,
            Exception? exception,
            Func<TState, Exception?, string> formatter
        )
        {
            if (logLevel >= LogLevel.Warning || !category.StartsWith("Microsoft.", StringComparison.Ordinal))
                lines.Enqueue($"{logLevel} {category}: {formatter(state, exception)} {exception}");
        }
    }
}
