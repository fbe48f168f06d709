using ActorSocket.Sessions;
using Akka.Actor;
using Akka.Cluster;
using Akka.Remote;
using Akka.Remote.Transport;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.TestHost;
using Microsoft.Extensions.DependencyInjection;

namespace ActorSocket.TestKit;

/// <summary>
/// One node of an <see cref="ActorSocketTestCluster"/>: a server, to which clients connect as to any. Disposed, it crashes.
/// </summary>
public sealed class ActorSocketTestNode : ActorSocketTestServer
{
    private readonly ActorSocketTestCluster _cluster;
    private readonly WebApplication _app;
    private readonly Cluster _membership;
    private readonly Address _address;
    private int _hasEnded;

    internal ActorSocketTestNode(ActorSocketTestCluster cluster, int number, TestServer server, ActorSocketServer io, WebApplication app)
        : base(server, io, app.Services, app)
    {
        (_cluster, _app) = (cluster, app);
        Name = $"node {number}";
        _membership = Cluster.Get(app.Services.GetRequiredService<ActorSystem>());
        _address = _membership.SelfAddress;
    }

    /// <summary>What failures call it: "node 1", "node 2" …</summary>
    public string Name { get; }

    /// <summary>Whether it has neither crashed nor left, nor been downed by the others.</summary>
    public bool IsRunning => Volatile.Read(ref _hasEnded) == 0 && !_membership.System.WhenTerminated.IsCompleted;

    /// <summary>
    /// Ends at once, as a process that is killed: its clients lose their connections, and the other nodes are not told. Completes when it
    /// is gone; <see cref="ActorSocketTestCluster.UntilWholeAsync"/> waits for the others to have noticed.
    /// </summary>
    public async Task CrashAsync()
    {
        if (Interlocked.Exchange(ref _hasEnded, 1) != 0)
            return;
        CloseConnections("transport close");
        await _membership.System.Terminate().ConfigureAwait(false);
    }

    /// <summary>
    /// Stops as a process that is deployed anew: it closes its clients' connections, hands over what other nodes go on with, and leaves the
    /// cluster. Completes when it has.
    /// </summary>
    public async Task LeaveAsync(CancellationToken cancellationToken = default)
    {
        if (Interlocked.Exchange(ref _hasEnded, 1) != 0)
            return;
        await _app.StopAsync(cancellationToken).ConfigureAwait(false);
        CloseConnections("transport close");
    }

    /// <summary>Waits until it has ended of its own accord: cut off from most of the others.</summary>
    /// <exception cref="ExpectationException">It goes on for a minute.</exception>
    public async Task StoppedAsync(CancellationToken cancellationToken = default)
    {
        var patience = TimeSpan.FromMinutes(1);
        await Waiting.UntilAsync(
            () => !IsRunning,
            patience,
            () => new ExpectationException($"{Name} goes on after {patience.TotalSeconds:0} s; it sees {View}."),
            cancellationToken
        ).ConfigureAwait(false);
        CloseConnections("transport close");
    }

    /// <summary>
    /// Records an event between servers from now on (<c>io.ServerSide.Emit</c> on another node), as <c>OnServerEvent</c> gets it.
    /// </summary>
    /// <param name="ns">The namespace.</param>
    /// <param name="eventName">The event.</param>
    public ServerEventProbe ServerEvents(string ns, string eventName) => new(this, NameOf(ns), eventName);

    /// <summary>The cluster's own actors never rest for so long.</summary>
    private protected override TimeSpan PumpsTime => TimeSpan.Zero;

    /// <summary>As <see cref="ActorSocketTestCluster.SettleAsync"/>: of all nodes.</summary>
    /// <inheritdoc/>
    public override Task SettleAsync(CancellationToken cancellationToken = default) => _cluster.SettleAsync(cancellationToken);

    internal string View => string.Join(", ", _membership.State.Members);

    internal override string NextName() => _cluster.NextName();

    internal override ActorSocketTestServer Next() => _cluster.NextAfter(this);

    /// <summary>Of whichever node it lives on.</summary>
    internal override EngineConnection? Find(string sid) => _cluster.Nodes.Where(static node => node.IsRunning)
        .Select(node => node.FindHere(sid)).FirstOrDefault(static found => found is not null);

    internal override Socket? FindSocket(string ns, string id) => _cluster.Nodes.Where(static node => node.IsRunning)
        .Select(node => node.FindSocketHere(ns, id)).FirstOrDefault(static found => found is not null);

    internal override void ThrowIfGone()
    {
        if (!IsRunning)
            throw new ExpectationException($"{Name} is gone: nobody can connect to it.");
    }

    internal bool Sees(int nodes) =>
        Io.Server.Engine.Placement.IsReady
        && _membership.State.Unreachable.IsEmpty
        && _membership.State.Members.Count == nodes
        && _membership.State.Members.All(static member => member.Status == MemberStatus.Up);

    /// <summary>Joins the cluster of another node.</summary>
    internal async Task JoinAsync(ActorSocketTestNode first, TimeSpan patience, CancellationToken cancellationToken)
    {
        using var late = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        late.CancelAfter(patience);
        try
        {
            await _membership.JoinAsync(first._address, late.Token).ConfigureAwait(false);
        }
        catch (Exception error) when (error is not OperationCanceledException || !cancellationToken.IsCancellationRequested)
        {
            throw new ExpectationException($"{Name} could not join within {patience.TotalSeconds:0} s; it sees {View}.", error);
        }
    }

    /// <summary>What was told to another node has come there; or nothing comes there, by now.</summary>
    internal async Task ReachAsync(ActorSocketTestNode other, TimeSpan patience)
    {
        try
        {
            await _membership.System.ActorSelection(new RootActorPath(other._address) / "user" / "actorsocket")
                .Ask<ActorIdentity>(new Identify(0), patience)
                .ConfigureAwait(false);
        }
        catch (Exception error) when (error is AskTimeoutException or TaskCanceledException)
        {
            // Cut off, or just gone: nothing to wait for.
        }
    }

    internal Task ThrottleAsync(ActorSocketTestNode other, ThrottleMode mode) =>
        ((RemoteActorRefProvider)((ExtendedActorSystem)_membership.System).Provider).Transport
            .ManagementCommand(new SetThrottle(other._address, ThrottleTransportAdapter.Direction.Both, mode));

    private protected override async Task StopAsync()
    {
        // A node whose actor system has ended would end its process with an error, which is the test run's here.
        var code = Environment.ExitCode;
        try
        {
            await CrashAsync().ConfigureAwait(false);
            await _app.DisposeAsync().ConfigureAwait(false);
        }
        finally
        {
            Environment.ExitCode = code;
        }
    }
}
