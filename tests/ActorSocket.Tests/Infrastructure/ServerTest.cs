using ActorSocket.Actors;
using ActorSocket.Sockets;
using ActorSocket.Clustering;
using System.Diagnostics.Metrics;
using System.Security.Claims;
using Akka.Actor;
using Akka.Configuration;
using Akka.TestKit;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging.Abstractions;
using ActorSocket.Diagnostics;
using ActorSocket.Sessions;

namespace ActorSocket.Tests.Infrastructure;

/// <summary>An actor system whose time stands still until a test advances it, and a server in it without any network.</summary>
public abstract class ServerTest : Akka.TestKit.Xunit2.TestKit
{
    protected static readonly Config VirtualTime = ConfigurationFactory.ParseString(
        """akka { scheduler.implementation = "Akka.TestKit.TestScheduler, Akka.TestKit", loglevel = WARNING, log-dead-letters = off }""");

    private readonly ServiceProvider _metrics = new ServiceCollection().AddMetrics().BuildServiceProvider();

    protected ServerTest()
        : base(VirtualTime)
    {
    }

    protected TestScheduler Clock => (TestScheduler)Sys.Scheduler;

    /// <summary>What the parts of a cluster count.</summary>
    internal ClusterMetrics NewClusterMetrics() => new(_metrics.GetRequiredService<IMeterFactory>());

    internal ServerServices NewServer(Action<ActorSocketOptions>? configure = null, TimeProvider? time = null)
    {
        var options = new ActorSocketOptions();
        configure?.Invoke(options);
        var server = new ServerServices(
            "",
            options,
            new ActorSocketMetrics(_metrics.GetRequiredService<IMeterFactory>()),
            NullLoggerFactory.Instance,
            time ?? new SchedulerTime(Clock),
            _metrics
        );
        server.Root = server.Engine.Root = Sys.ActorOf(NamespaceRoot.Props(server));
        return server;
    }

    /// <summary>A connection without a session.</summary>
    internal static EngineConnection NewConnection(ServerServices server, string? agent = null) =>
        new(
            server.Engine,
            server.Engine.Ids.Next(),
            new HandshakeRequest(
                agent is null
                    ? new Dictionary<string, string>(StringComparer.Ordinal)
                    : new(StringComparer.Ordinal) { ["user-agent"] = agent },
                new Dictionary<string, string>(StringComparer.Ordinal),
                "127.0.0.1",
                false,
                false,
                "/socket.io/",
                DateTimeOffset.UnixEpoch,
                new ClaimsPrincipal()
            )
        );

    /// <summary>A session as the HTTP handshake opens it.</summary>
    internal async Task<TestSession> OpenAsync(ServerServices server, FakeWebSocket? webSocket = null)
    {
        var connection = NewConnection(server);
        if (webSocket is not null)
            connection.AttachWebSocket(webSocket);
        var opened = new TaskCompletionSource();
        Assert.True(server.Engine.Sessions.TryReserve(int.MaxValue));
        server.Root.Tell(new SessionProtocol.Open(connection, webSocket, opened));
        await opened.Task.WaitAsync(Patience);
        Assert.True(server.Engine.Sessions.TryAdd(connection));
        await HandledAsync(connection.Session); // its timers run
        Watch(connection.Session);
        return new TestSession(connection, webSocket);
    }

    /// <summary>A client that connects to <c>/</c> by WebSocket.</summary>
    internal async Task<(TestSession Session, FakeWebSocket WebSocket)> ConnectAsync(ServerServices server)
    {
        var webSocket = new FakeWebSocket();
        var session = await OpenAsync(server, webSocket);
        session.Send("40");
        Assert.StartsWith("40{", await webSocket.NextAsync(), StringComparison.Ordinal);
        return (session, webSocket);
    }

    /// <summary>A client that is connected to <c>/</c> by WebSocket, and its socket.</summary>
    internal async Task<(Socket Socket, TestSession Session, FakeWebSocket WebSocket)> JoinAsync(
        Action<Socket>? onConnection = null,
        Action<ActorSocketOptions>? configure = null
    )
    {
        var server = NewServer(configure);
        var connected = new TaskCompletionSource<Socket>(TaskCreationOptions.RunContinuationsAsynchronously);
        server.Namespaces.GetOrAdd("/", server).Face.OnConnection(socket =>
        {
            onConnection?.Invoke(socket);
            connected.SetResult(socket);
        });
        var (session, webSocket) = await ConnectAsync(server);
        return (await connected.Task.WaitAsync(Patience), session, webSocket);
    }

    /// <summary>The session's socket in <c>/</c>.</summary>
    internal static Socket SocketOf(TestSession session, ServerServices server) =>
        Assert.Single(server.Namespaces.GetOrAdd("/", server).Face.Sockets, socket => socket.Connection.Engine == session.Connection);

    internal static TimeSpan Patience => TimeSpan.FromSeconds(20);

    /// <summary>Completes when the actor has handled everything told to it before.</summary>
    internal static async Task HandledAsync(IActorRef actor)
    {
        var identity = await actor.Ask<ActorIdentity>(new Identify(1), Patience);
        Assert.NotNull(identity.Subject);
    }

    protected override void Dispose(bool disposing)
    {
        base.Dispose(disposing);
        _metrics.Dispose();
    }
}
