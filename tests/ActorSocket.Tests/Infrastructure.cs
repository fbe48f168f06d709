using ActorSocket.Actors;
using ActorSocket.Sockets;
using ActorSocket.Clustering;
using System.Diagnostics.Metrics;
using System.Security.Claims;
using System.Threading.Channels;
using Akka.Actor;
using Akka.Configuration;
using Akka.TestKit;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging.Abstractions;
using ActorSocket.Delivery;
using ActorSocket.Protocol.EngineIo;
using ActorSocket.Diagnostics;
using ActorSocket.Hosting;
using ActorSocket.Sessions;

namespace ActorSocket.Tests;

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
        var server = new ServerServices("", options, new ActorSocketMetrics(_metrics.GetRequiredService<IMeterFactory>()), NullLoggerFactory.Instance, time ?? new SchedulerTime(Clock), _metrics);
        server.Root = server.Engine.Root = Sys.ActorOf(NamespaceRoot.Props(server));
        return server;
    }

    /// <summary>A connection without a session.</summary>
    internal static EngineConnection NewConnection(ServerServices server, string? agent = null) => new(server.Engine, server.Engine.Ids.Next(), new HandshakeRequest(
        agent is null ? new Dictionary<string, string>(StringComparer.Ordinal) : new(StringComparer.Ordinal) { ["user-agent"] = agent }, new Dictionary<string, string>(StringComparer.Ordinal), "127.0.0.1", false, false, "/socket.io/", DateTimeOffset.UnixEpoch, new ClaimsPrincipal()));

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

    /// <summary>A client that is connected to <c>/</c> by WebSocket.</summary>
    internal async Task<(Socket Socket, TestSession Session, FakeWebSocket WebSocket)> JoinAsync(Action<Socket>? onConnection = null, Action<ActorSocketOptions>? configure = null)
    {
        var server = NewServer(configure);
        var connected = new TaskCompletionSource<Socket>(TaskCreationOptions.RunContinuationsAsynchronously);
        server.Namespaces.GetOrAdd("/", server).Face.OnConnection(socket =>
        {
            onConnection?.Invoke(socket);
            connected.SetResult(socket);
        });
        var webSocket = new FakeWebSocket();
        var session = await OpenAsync(server, webSocket);
        session.Send("40");
        Assert.StartsWith("40{", await webSocket.NextAsync(), StringComparison.Ordinal);
        return (await connected.Task.WaitAsync(Patience), session, webSocket);
    }

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

/// <summary>Its timers run when the test advances the actor system's clock; its time stamps are the real ones.</summary>
internal sealed class SchedulerTime(TestScheduler clock) : TimeProvider
{
    public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period)
    {
        var timer = new Timer(clock, () => callback(state));
        timer.Change(dueTime, period);
        return timer;
    }

    private sealed class Timer(TestScheduler clock, Action callback) : ITimer
    {
        private Cancelable? _next;

        public bool Change(TimeSpan dueTime, TimeSpan period)
        {
            var next = dueTime == Timeout.InfiniteTimeSpan ? null : new Cancelable((IActionScheduler)clock);
            Interlocked.Exchange(ref _next, next)?.Cancel();
            if (next is not null)
                clock.Advanced.ScheduleOnce(dueTime, () => Run(period), next);
            return true;
        }

        public void Dispose() => Interlocked.Exchange(ref _next, null)?.Cancel();

        public ValueTask DisposeAsync()
        {
            Dispose();
            return default;
        }

        private void Run(TimeSpan period)
        {
            callback();
            if (period > TimeSpan.Zero)
                Change(period, period);
        }
    }
}

/// <summary>What time stamps are taken from, moved by the test.</summary>
internal sealed class ManualTime : TimeProvider
{
    private readonly List<(ManualTimer Timer, Action Run)> _timers = [];

    public int Seconds { get; set; }

    /// <summary>Moves it, and runs the timers that are due then, each once.</summary>
    public void Advance(int seconds)
    {
        Seconds += seconds;
        foreach (var (timer, run) in _timers.ToArray())
        {
            if (timer.Due is not { } due || due > Seconds)
                continue;
            timer.Due = null;
            run();
        }
    }

    public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period)
    {
        var timer = new ManualTimer(this);
        _timers.Add((timer, () => callback(state)));
        timer.Change(dueTime, period);
        return timer;
    }

    public override long TimestampFrequency => 1;

    public override long GetTimestamp() => Seconds;

    private sealed class ManualTimer(ManualTime time) : ITimer
    {
        public double? Due { get; set; }

        public bool Change(TimeSpan dueTime, TimeSpan period)
        {
            Due = dueTime == Timeout.InfiniteTimeSpan ? null : time.Seconds + dueTime.TotalSeconds;
            return true;
        }

        public void Dispose() => Due = null;

        public ValueTask DisposeAsync()
        {
            Dispose();
            return default;
        }
    }
}

/// <summary>A WebSocket that only records what it is told.</summary>
internal sealed class FakeWebSocket : ITransport, IOutboundSink
{
    private readonly Channel<string> _written = Channel.CreateUnbounded<string>();

    public TaskCompletionSource Closed { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);

    public TaskCompletionSource Refused { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);

    /// <summary>Writes wait for this.</summary>
    public Task Gate { get; set; } = Task.CompletedTask;

    /// <summary>How often it was written to, however many frames.</summary>
    public int Writes { get; private set; }

    public IOutboundSink Sink => this;

    public WireForm Form => WireForm.Standard;

    public void Close() => Closed.TrySetResult();

    public void Refuse() => Refused.TrySetResult();

    public async ValueTask WriteAsync(ReadOnlyMemory<byte> frames)
    {
        Writes++; // one write at a time
        var bytes = frames.ToArray();
        await Gate;
        while (bytes.Length > 0)
        {
            var length = bytes[1] < 126 ? bytes[1] : (bytes[2] << 8) | bytes[3];
            var header = bytes[1] < 126 ? 2 : 4;
            Assert.True(bytes[1] <= 126, "tests use small frames");
            var payload = bytes.AsSpan(header, length);
            _written.Writer.TryWrite((bytes[0] & 0x0F) switch
            {
                1 => System.Text.Encoding.UTF8.GetString(payload),
                2 => "<" + Convert.ToHexString(payload) + ">",
                8 => payload.Length < 2 ? "close" : "close " + ((payload[0] << 8) | payload[1]),
                var opcode => "opcode " + opcode,
            });
            bytes = bytes[(header + length)..];
        }
    }

    /// <summary>The next frame that was written.</summary>
    public async Task<string> NextAsync() => await _written.Reader.ReadAsync().AsTask().WaitAsync(ServerTest.Patience);

    public bool WroteNothing => !_written.Reader.TryPeek(out _);
}

/// <summary>A client without a network: what it sends is decoded as from a transport, what it gets is read from its WebSocket or its polls.</summary>
internal sealed class TestSession(EngineConnection connection, FakeWebSocket? webSocket)
{
    public EngineConnection Connection => connection;

    public IActorRef Session => connection.Session;

    public void Send(string packets)
    {
        if (webSocket is null)
        {
            connection.Inbound.AddPayload(System.Text.Encoding.UTF8.GetBytes(packets));
            return;
        }
        connection.Inbound.AddText(webSocket, System.Text.Encoding.UTF8.GetBytes(packets));
        connection.Inbound.EndOfRead();
    }

    /// <summary>A GET: waits until there is something.</summary>
    public async Task<string> PollAsync() => await Park().WaitAsync(ServerTest.Patience);

    /// <summary>A GET that is left waiting.</summary>
    public Task<string> Park()
    {
        var waiter = new PollWaiter();
        Assert.Equal(ParkResult.Parked, connection.Outbound.TryPark(waiter));
        return ReadAsync(waiter);
    }

    private static async Task<string> ReadAsync(PollWaiter waiter)
    {
        var frames = await waiter.Answer;
        return string.Join('|', frames.Select(static frame => System.Text.Encoding.UTF8.GetString(frame.Text)));
    }
}
