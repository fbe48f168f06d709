using System.Collections.Concurrent;
using System.Runtime.CompilerServices;
using ActorSocket.Sessions;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.TestHost;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace ActorSocket.TestKit;

/// <summary>
/// A Socket.IO server in memory: ASP.NET Core's test server, without a port, with the application's own handlers, or a whole application
/// (<see cref="AttachAsync"/>). Disposed, it lets its clients go and stops.
/// </summary>
/// <remarks>Any thread.</remarks>
public class ActorSocketTestServer : IAsyncDisposable
{
    private static readonly TimeSpan HandlersTime = TimeSpan.FromMilliseconds(20);

    /// <summary>Of a server whose actors nobody counts.</summary>
    private static readonly TimeSpan UnknownTime = TimeSpan.FromMilliseconds(100);

    private readonly ConcurrentDictionary<TestConnection, bool> _connections = new();
    private readonly WebApplication? _app; // null when it is another's
    private readonly RunningActors? _actors;
    private readonly ServerNotes? _notes;
    private readonly Func<CancellationToken, Task> _step;
    private readonly ConditionalWeakTable<EngineConnection, object> _waiting = []; // how many of its packets' handlers do
    private int _clients;

    private protected ActorSocketTestServer(TestServer server, ActorSocketServer io, IServiceProvider services, WebApplication? app)
    {
        (TestServer, Io, Services, _app) = (server, io, services, app);
        var parts = services.GetService<TestKitParts>();
        VirtualTime = parts?.Clock;
        _actors = parts?.Actors;
        _notes = parts?.Notes;
        _step = token => SettleOnceAsync(isStep: true, token);
        VirtualTime?.AddSettler(_step);
    }

    /// <summary>The server of the application.</summary>
    public ActorSocketServer Io { get; }

    /// <summary>The application's services.</summary>
    public IServiceProvider Services { get; }

    /// <summary>The test server that it is in, for other requests: <c>TestServer.CreateClient()</c>.</summary>
    public TestServer TestServer { get; }

    /// <summary>How long an expectation waits, in real time. 10 s.</summary>
    public TimeSpan Patience { get; set; } = TimeSpan.FromSeconds(10);

    /// <summary>The clock that it was started with.</summary>
    /// <exception cref="InvalidOperationException">Its time is real.</exception>
    public VirtualClock Clock => VirtualTime
        ?? throw new InvalidOperationException("This server's time is real: give StartAsync, or AddActorSocketTestKit, a VirtualClock.");

    private protected VirtualClock? VirtualTime { get; }

    /// <summary>Starts one.</summary>
    /// <param name="services">
    /// Adds the application's services; <c>services.AddActorSocket(…)</c> for options, which is called once more after it.
    /// </param>
    /// <param name="map">Adds handlers and hubs, as to what <c>MapActorSocket</c> gives.</param>
    /// <param name="clock">Time that the test advances; null for real time.</param>
    /// <param name="cancellationToken">Ends the wait.</param>
    /// <example><code>
    /// await using var server = await ActorSocket.TestKit.ActorSocketTestServer.StartAsync(
    ///     map: io => io.OnConnection(socket => { socket.On("double", (int n) => 2 * n); }));
    /// var client = await server.ConnectAsync();
    /// var four = await client.EmitWithAckAsync&lt;int&gt;("double", 2);
    /// </code></example>
    public static async Task<ActorSocketTestServer> StartAsync(
        Action<IServiceCollection>? services = null,
        Action<ActorSocketServer>? map = null,
        VirtualClock? clock = null,
        CancellationToken cancellationToken = default
    )
    {
        var (app, io) = Build(services, map, clock);
        await RunAsync(app, clock, cancellationToken).ConfigureAwait(false);
        return new ActorSocketTestServer(app.GetTestServer(), io, app.Services, app);
    }

    /// <summary>
    /// Takes the server of an application that runs in a test server already: <c>AttachAsync(factory.Server)</c> of a
    /// <c>WebApplicationFactory</c>. Disposed, it lets its clients go; the application goes on, and is its owner's to stop.
    /// </summary>
    /// <param name="server">Where the application is.</param>
    /// <param name="name">The name that the Socket.IO server was added with; none, as a rule.</param>
    /// <param name="cancellationToken">Ends the wait.</param>
    /// <returns>Completes when it takes clients.</returns>
    public static async Task<ActorSocketTestServer> AttachAsync(
        TestServer server, string name = "", CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(server);
        var attached = new ActorSocketTestServer(
            server,
            server.Services.GetRequiredKeyedService<ActorSocketServer>(name),
            server.Services,
            app: null
        );
        await attached.ReadyAsync(TimeSpan.FromMinutes(1), cancellationToken).ConfigureAwait(false);
        return attached;
    }

    /// <summary>Connects a client.</summary>
    /// <param name="ns">Its namespace.</param>
    /// <param name="configure">Sets options.</param>
    /// <param name="cancellationToken">Ends the wait.</param>
    /// <returns>
    /// Completes when it is connected, and what <c>OnConnection</c> does has been done, as <see cref="SettleAsync"/> has it.
    /// </returns>
    /// <exception cref="ExpectationException">It is refused; see <see cref="ExpectConnectErrorAsync"/>.</exception>
    public async Task<ActorSocketTestClient> ConnectAsync(
        string ns = "/", Action<TestClientOptions>? configure = null, CancellationToken cancellationToken = default)
    {
        var client = NewClient(ns, configure);
        if (await client.OpenAsync(cancellationToken).ConfigureAwait(false) is { } refusal)
            throw client.Refused(refusal);
        await SettleAsync(cancellationToken).ConfigureAwait(false);
        return client;
    }

    /// <summary>Connects a client that must be refused.</summary>
    /// <param name="ns">Its namespace.</param>
    /// <param name="configure">Sets options.</param>
    /// <param name="cancellationToken">Ends the wait.</param>
    /// <returns>How it is refused.</returns>
    /// <exception cref="ExpectationException">It is let in.</exception>
    public async Task<ConnectError> ExpectConnectErrorAsync(
        string ns = "/", Action<TestClientOptions>? configure = null, CancellationToken cancellationToken = default)
    {
        var client = NewClient(ns, configure);
        if (await client.OpenAsync(cancellationToken).ConfigureAwait(false) is not { } refusal)
            throw client.Failure("was to be refused, and is connected.");
        if (client.Connection is { } connection)
            await connection.LeaveAsync().ConfigureAwait(false);
        return refusal;
    }

    /// <summary>Records what is emitted to a room from now on, whoever is in it.</summary>
    /// <inheritdoc cref="Room(string, string)"/>
    public RoomProbe Room(string room) => Room("/", room);

    /// <summary>Records what is emitted to a room of a namespace from now on, whoever is in it.</summary>
    /// <param name="ns">The namespace.</param>
    /// <param name="room">The room: what is emitted to it alone, or to it among others.</param>
    /// <returns>Of a cluster's node: what the node itself emits, and what it is told by others.</returns>
    public RoomProbe Room(string ns, string room)
    {
        ArgumentNullException.ThrowIfNull(room);
        return new RoomProbe(this, NameOf(ns), room);
    }

    /// <summary>
    /// Completes when all has been handled that clients have sent so far, no actor has anything left to do, and the clients have what was
    /// emitted. A handler that waits for something, such as an acknowledgement or a time, is not waited for.
    /// </summary>
    /// <exception cref="ExpectationException">A handler blocks, or tells and tells.</exception>
    public virtual Task SettleAsync(CancellationToken cancellationToken = default) => SettleOnceAsync(isStep: false, cancellationToken);

    /// <summary>
    /// Advances <see cref="Clock"/>, step by step (<see cref="VirtualClock.AdvanceAsync"/>), after what was sent has been handled, so that
    /// its timers are set.
    /// </summary>
    /// <exception cref="InvalidOperationException">Its time is real.</exception>
    public async Task AdvanceAsync(TimeSpan time, CancellationToken cancellationToken = default)
    {
        await SettleAsync(cancellationToken).ConfigureAwait(false);
        await Clock.AdvanceAsync(time, cancellationToken).ConfigureAwait(false);
        await SettleAsync(cancellationToken).ConfigureAwait(false);
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        VirtualTime?.RemoveSettler(_step);
        CloseConnections("io client disconnect");
        if (VirtualTime is { } clock && _app is not null)
            await clock.FlowWhileAsync(StopAsync()).ConfigureAwait(false);
        else
            await StopAsync().ConfigureAwait(false);
        GC.SuppressFinalize(this);
    }

    /// <summary>An application with one server, which has not started.</summary>
    internal static (WebApplication App, ActorSocketServer Io) Build(
        Action<IServiceCollection>? services, Action<ActorSocketServer>? map, VirtualClock? clock, string hocon = "")
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.WebHost.UseTestServer();
        builder.Logging.ClearProviders();
        services?.Invoke(builder.Services);
        builder.Services.AddActorSocket();
        builder.Services.AddActorSocketTestKit(clock, hocon);
        var app = builder.Build();
        var io = app.MapActorSocket();
        map?.Invoke(io);
        return (app, io);
    }

    internal static async Task RunAsync(WebApplication app, VirtualClock? clock, CancellationToken cancellationToken)
    {
        try
        {
            var start = app.StartAsync(cancellationToken);
            await (clock?.FlowWhileAsync(start) ?? start).ConfigureAwait(false);
        }
        catch
        {
            await app.DisposeAsync().ConfigureAwait(false);
            throw;
        }
    }

    /// <summary>A leading slash may be left out, as with <c>io.Of</c>.</summary>
    internal static string NameOf(string ns)
    {
        ArgumentNullException.ThrowIfNull(ns);
        return ns.StartsWith('/') ? ns : "/" + ns;
    }

    /// <summary>What it has logged that a failure may come from.</summary>
    internal IReadOnlyList<string> Notes => _notes?.Lines() ?? [];

    /// <summary>What is compiled when it runs first takes longer than many turns of others.</summary>
    private protected virtual TimeSpan PumpsTime => TimeSpan.FromMilliseconds(10);

    /// <summary>Who takes a client that comes back: this one, unless it is gone.</summary>
    internal virtual ActorSocketTestServer Next() => this;

    internal virtual string NextName() => $"client {Interlocked.Increment(ref _clients)}";

    internal void Opened(TestConnection connection) => _connections.TryAdd(connection, true);

    internal void Closed(TestConnection connection) => _connections.TryRemove(connection, out _);

    /// <summary>A session of one of its clients.</summary>
    internal virtual EngineConnection? Find(string sid) => FindHere(sid);

    internal virtual Socket? FindSocket(string ns, string id) => FindSocketHere(ns, id);

    /// <exception cref="ExpectationException">It takes no clients any more.</exception>
    internal virtual void ThrowIfGone()
    {
    }

    internal EngineConnection? FindHere(string sid) => Io.Server.Engine.Sessions.TryGet(sid, out var connection) ? connection : null;

    internal Socket? FindSocketHere(string ns, string id) => Io.Server.Namespaces.TryGet(ns, out var services)
        ? Array.Find(services.All.Snapshot, socket => socket.Id == id)
        : null;

    /// <summary>Completes when it takes clients.</summary>
    internal async Task ReadyAsync(TimeSpan patience, CancellationToken cancellationToken)
    {
        var ready = Waiting.UntilAsync(
            () => Io.Server.Engine.Placement.IsReady,
            patience,
            () => new ExpectationException($"The server takes no clients after {patience.TotalSeconds:0.#} s."),
            cancellationToken
        );
        await (VirtualTime?.FlowWhileAsync(ready) ?? ready).ConfigureAwait(false);
    }

    /// <summary>Cuts all clients off.</summary>
    private protected void CloseConnections(string reason)
    {
        foreach (var connection in _connections.Keys)
            connection.Close(reason);
    }

    /// <summary>Stops the application, if it is this one's.</summary>
    private protected virtual async Task StopAsync()
    {
        if (_app is null)
            return;
        await _app.StopAsync().ConfigureAwait(false);
        await _app.DisposeAsync().ConfigureAwait(false);
    }

    /// <summary>
    /// There and back, until nobody had anything more to say: what a client gets, it may answer, and what it sends may be emitted on.
    /// </summary>
    /// <param name="isStep">
    /// Whether it is one of many steps: then handlers that were found waiting once are not given time again.
    /// </param>
    /// <param name="cancellationToken">Ends the wait.</param>
    private protected async Task SettleOnceAsync(bool isStep, CancellationToken cancellationToken)
    {
        long before, after;
        do
        {
            before = Traffic();
            await ReachServerAsync(cancellationToken).ConfigureAwait(false);
            await IdleAsync(isStep, cancellationToken).ConfigureAwait(false);
            await ReachClientsAsync(cancellationToken).ConfigureAwait(false);
            after = Traffic();
        }
        while (after != before);
    }

    /// <summary>
    /// Handlers that are under way may have much to do that is no actor's work, or wait for something that does not come: they get some
    /// time, and no more. Without AddActorSocketTestKit nobody counts the actors, so everything gets more of it. What hands events to
    /// handlers on the pool is no actor's work either: but for the steps of virtual time it gets a little.
    /// </summary>
    internal async Task IdleAsync(bool isStep, CancellationToken cancellationToken)
    {
        var actors = _actors ?? new RunningActors();
        await actors
            .IdleAsync(
                () => _actors is null ? UnknownTime : IsHandling(isStep) ? HandlersTime : isStep ? TimeSpan.Zero : PumpsTime,
                Patience,
                cancellationToken
            )
            .ConfigureAwait(false);
        foreach (var connection in Io.Server.Engine.Sessions.All)
            _waiting.AddOrUpdate(connection, connection.Backlog.Packets);
    }

    private bool IsHandling(bool isStep)
    {
        foreach (var connection in Io.Server.Engine.Sessions.All)
        {
            if (connection.Backlog.Packets > (isStep && _waiting.TryGetValue(connection, out var waiting) ? (int)waiting : 0))
                return true;
        }
        return false;
    }

    /// <summary>The server has read what its clients have sent.</summary>
    internal Task ReachServerAsync(CancellationToken cancellationToken) =>
        Task.WhenAll(_connections.Keys.Select(one => one.ReachServerAsync(cancellationToken)));

    /// <summary>Its clients have what was emitted.</summary>
    internal Task ReachClientsAsync(CancellationToken cancellationToken) =>
        Task.WhenAll(_connections.Keys.Select(one => one.ReachClientAsync(cancellationToken)));

    internal long Traffic() => _connections.Keys.Sum(static one => one.Traffic);

    private ActorSocketTestClient NewClient(string ns, Action<TestClientOptions>? configure)
    {
        var options = new TestClientOptions();
        configure?.Invoke(options);
        return new ActorSocketTestClient(this, NameOf(ns), options);
    }
}
