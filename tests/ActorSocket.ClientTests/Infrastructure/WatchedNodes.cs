using System.Collections.Concurrent;
using System.Security.Claims;
using ActorSocket.AdminUi;
using ActorSocket.Clustering;
using ActorSocket.Hosting;
using Akka.Actor;
using Akka.Cluster;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Xunit.Abstractions;

namespace ActorSocket.ClientTests.Infrastructure;

/// <summary>One node, or the nodes of a cluster, of an application that the Admin UI looks at; all in this process.</summary>
internal sealed class WatchedNodes : IAsyncDisposable
{
    // "changeit", as in the official documentation
    public const string PasswordHash = "$2b$10$heqvAkYMez.Va6Et2uXInOnkCT6/uQj1brkrbyG3LpopDklcq7ZOS";

    private readonly List<WebApplication> _apps = [];
    private readonly ConcurrentQueue<string> _log = new();
    private readonly ITestOutputHelper _output;

    private WatchedNodes(ITestOutputHelper output) => _output = output;

    public IReadOnlyList<ActorSocketServer> Servers => [.. _apps.Select(app => app.Services.GetRequiredService<ActorSocketServer>())];

    public IReadOnlyList<Uri> Urls => [.. _apps.Select(static app => new Uri(app.Urls.First()))];

    /// <summary>"Level: message" of everything that ActorSocket logged.</summary>
    public IReadOnlyCollection<string> Log => _log;

    public static async Task<WatchedNodes> StartAsync(
        ITestOutputHelper output,
        int count,
        Action<ActorSocketAdminUiOptions>? configure = null,
        Action<ActorSocketBuilder>? add = null
    )
    {
        var nodes = new WatchedNodes(output);
        try
        {
            for (var i = 0; i < count; i++)
                await nodes.AddAsync(isCluster: count > 1, configure, add);
            if (count > 1)
                await Bounded.UntilAsync(() => nodes._apps.TrueForAll(app => HasMet(app, count)), $"{count} nodes to meet");
            return nodes;
        }
        catch
        {
            await nodes.DisposeAsync();
            throw;
        }
    }

    /// <summary>The sessions of administrators that the last one knows.</summary>
    public AdminSessions SessionsOfLast =>
        Assert.Single(_apps[^1].Services.GetServices<IServerExtension>().OfType<AdminUiExtension>().Single().Desks).Sessions;

    /// <summary>Another one, some time after the others.</summary>
    public async Task JoinAsync()
    {
        await AddAsync(isCluster: true, null, null);
        await Bounded.UntilAsync(() => _apps.TrueForAll(app => HasMet(app, _apps.Count)), $"{_apps.Count} nodes to meet");
    }

    /// <summary>The first one leaves, as in a deployment.</summary>
    public async Task StopFirstAsync()
    {
        await _apps[0].StopAsync();
        await _apps[0].DisposeAsync();
        _apps.RemoveAt(0);
        await Bounded.UntilAsync(() => _apps.TrueForAll(app => HasMet(app, _apps.Count)), "the others to notice it");
    }

    /// <summary>Runs a case of admin.mjs against them.</summary>
    public async Task RunAsync(string mode, string name)
    {
        await using var client = await StartAsync("admin", name, mode);
        await client.FinishAsync();
    }

    /// <summary>Starts a case of a script that is told where they all are.</summary>
    public Task<ScriptClient> StartAsync(string script, string name, string mode, params (string Name, string Value)[] environment) =>
        ScriptClient.StartJavaScriptAsync(
            script, name, Urls[0], mode,
            [("URLS", string.Join(' ', Urls.Select(static url => url.GetLeftPart(UriPartial.Authority)))), .. environment]);

    public async ValueTask DisposeAsync()
    {
        foreach (var app in Enumerable.Reverse(_apps))
        {
            await app.StopAsync();
            await app.DisposeAsync();
        }
        foreach (var line in _log)
            _output.WriteLine(line);
    }

    private static bool HasMet(WebApplication app, int count) =>
        ClusterOf(app).State.Members.Count(static member => member.Status == MemberStatus.Up) == count
        && ((ClusterAdapter)app.Services.GetRequiredService<ActorSocketServer>().Server.Adapter).Sessions.IsReady;

    private static Akka.Cluster.Cluster ClusterOf(WebApplication app) =>
        Akka.Cluster.Cluster.Get(app.Services.GetRequiredService<ActorSystem>());

    private async Task AddAsync(bool isCluster, Action<ActorSocketAdminUiOptions>? configure, Action<ActorSocketBuilder>? add)
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.WebHost.UseUrls("http://127.0.0.1:0");
        builder.Logging.ClearProviders().AddProvider(new Recorder(_log)).AddFilter("Akka", LogLevel.None)
            .AddFilter("Microsoft", LogLevel.Error);
        builder.Services.AddAuthorization(static options => options.AddPolicy("admins", static policy => policy.RequireRole("admin")));
        var server = builder.Services.AddActorSocket(static options => options.AutoAck = true).AddAdminUi(options =>
        {
            options.Mode = AdminUiMode.Development;
            options.UseBasicAuthentication("admin", PasswordHash);
            configure?.Invoke(options);
        });
        add?.Invoke(server);
        if (isCluster)
        {
            var seed = _apps.Count == 0 ? null : ClusterOf(_apps[0]).SelfAddress;
            server.AddCluster(cluster =>
            {
                cluster.Port = 0;
                if (seed is not null)
                    cluster.SeedNodes.Add($"{seed.Host}:{seed.Port}");
            });
        }
        var app = builder.Build();
        app.Use(static (context, next) =>
        {
            if (context.Request.Headers["x-role"].ToString() is { Length: > 0 } role)
                context.User = new ClaimsPrincipal(new ClaimsIdentity([new Claim(ClaimTypes.Role, role)], "test"));
            return next();
        });
        var io = app.MapActorSocket();
        app.MapActorSocketAdminUi("/admin-ui");
        var dynamic = io.OfDynamic(static (name, _, _) => ValueTask.FromResult(name.StartsWith("/dyn-", StringComparison.Ordinal)));
        foreach (var ns in (Namespace[])[io, io.Of("/game"), dynamic])
            ns.OnConnection(Handle);
        io.Of("/admin").OnConnection(static socket => { socket.On("fence", static () => true); });
        await app.StartAsync();
        _apps.Add(app);
    }

    private static void Handle(Socket socket)
    {
        socket.On("join", async (string room) => await socket.JoinAsync(room));
        socket.On("leave", async (string room) => await socket.LeaveAsync(room));
        socket.On("set", (string key, string value) => socket.Data[key] = value);
        socket.On("echo", (SocketArguments arguments) =>
        {
            socket.Emit("echoed", arguments);
            return true;
        });
        socket.On("rooms", () => socket.Rooms);
        socket.Emit("welcome", "from the handler");
    }

    private sealed class Recorder(ConcurrentQueue<string> log) : ILoggerProvider, ILogger
    {
        public ILogger CreateLogger(string categoryName) => this;

        public IDisposable? BeginScope<TState>(TState state)
            where TState : notnull => null;

        public bool IsEnabled(LogLevel logLevel) => true;

        public void Log<TState>(
            LogLevel logLevel,
            EventId eventId,
            TState state,
            Exception? exception,
            Func<TState, Exception?, string> formatter
        )
        {
            if (logLevel >= LogLevel.Information)
                log.Enqueue($"{logLevel}: {formatter(state, exception)}{(exception is null ? "" : $" {exception}")}");
        }

        public void Dispose()
        {
            // Nothing is held.
        }
    }
}
