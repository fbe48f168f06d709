using System.Diagnostics.Metrics;
using System.Net;
using System.Net.Sockets;
using ActorSocket.EventLoops;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging.Abstractions;
using NetSocket = System.Net.Sockets.Socket;

namespace ActorSocket.IntegrationTests.Transport;

/// <summary>A loop alone: its own part, and what it keeps for turns.</summary>
public sealed class EventLoopTests : IDisposable
{
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(30);

    private readonly ServiceProvider _services = new ServiceCollection().AddMetrics().BuildServiceProvider();
    private readonly LoopGuard _guard;
    private readonly EventLoop _loop;

    public EventLoopTests()
    {
        var log = new TransportLog(NullLogger.Instance);
        _guard = new LoopGuard(8, log, new LoopMetrics(_services.GetRequiredService<IMeterFactory>()));
        _loop = new EventLoop(0, _guard, log);
    }

    public void Dispose()
    {
        _loop.Dispose();
        _guard.Dispose();
        _services.Dispose();
    }

    [Fact]
    public async Task An_exception_in_the_own_part_closes_that_socket_only()
    {
        var (good, goodPeer) = Pair();
        var (bad, badPeer) = Pair();
        var reads = new Reader(good, _ => { });
        var throws = new Reader(bad, _ => throw new InvalidOperationException("a defect"));
        good.Start(reads);
        bad.Start(throws);
        badPeer.Send([1]);
        await throws.Closed.WaitAsync(Limit);
        goodPeer.Send([1]);
        await reads.Read.WaitAsync(Limit);
        Assert.False(reads.Closed.IsCompleted);
        goodPeer.Dispose();
        badPeer.Dispose();
    }

    [Fact]
    public async Task What_throws_in_a_turn_ends_nothing()
    {
        var (socket, peer) = Pair();
        var reader = new Reader(socket, static _ => Assert.True(Turn.TryKeep(static _ => throw new InvalidOperationException(), null)));
        socket.Start(reader);
        peer.Send([1]);
        await reader.Read.WaitAsync(Limit);
        peer.Send([1]);
        await reader.ReadTwice.WaitAsync(Limit);
        peer.Dispose();
    }

    [Fact]
    public async Task One_thing_is_kept_for_a_turn_and_only_in_the_loops_own_part()
    {
        Assert.False(Turn.TryKeep(static _ => { }, null));
        var ran = new TaskCompletionSource<(bool Second, bool Within, string? Thread)>();
        var (socket, peer) = Pair();
        socket.Start(new Reader(socket, _ =>
        {
            var second = false;
            Assert.True(Turn.TryKeep(
                _ => ran.SetResult((second, Turn.TryKeep(static _ => { }, null), Thread.CurrentThread.Name)), null));
            second = Turn.TryKeep(static _ => { }, null);
        }));
        peer.Send([1]);
        Assert.Equal((false, false, "ActorSocket loop"), await ran.Task.WaitAsync(Limit));
        peer.Dispose();
    }

    [Fact]
    public async Task What_a_turn_posts_that_has_lost_its_loop_is_come_by()
    {
        // The thread that is in the turn must not take itself for the loop's, which would come by what is posted before it waits.
        var (first, peer) = Pair();
        var (second, secondPeer) = Pair();
        var reads = new Reader(second, static _ => { });
        second.Start(reads);
        var goOn = new TaskCompletionSource();
        first.Start(new Reader(first, _ => Turn.TryKeep(
            _ =>
            {
                goOn.Task.Wait(Limit);
                second.Post();
            },
            null)));
        peer.Send([1]);
        secondPeer.Send([1]);
        await reads.Read.WaitAsync(Limit); // by another thread, while the first waits
        goOn.SetResult();
        await reads.Posted.WaitAsync(Limit);
        peer.Dispose();
        secondPeer.Dispose();
    }

    [Fact]
    public async Task A_socket_that_is_handed_over_when_it_is_closed_is_told_so()
    {
        var (socket, peer) = Pair();
        var before = new Reader(socket, static _ => { });
        socket.Start(before);
        socket.Close(reset: true);
        await before.Closed.WaitAsync(Limit);
        var after = new Reader(socket, static _ => { });
        socket.HandOver(after);
        await after.Closed.WaitAsync(Limit);
        peer.Dispose();
    }

    private (LoopSocket Socket, NetSocket Peer) Pair()
    {
        using var listener = new NetSocket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        listener.Bind(new IPEndPoint(IPAddress.Loopback, 0));
        listener.Listen();
        var peer = new NetSocket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        peer.Connect(listener.LocalEndPoint!);
        var accepted = listener.Accept();
        accepted.Blocking = false;
        return (new LoopSocket(_loop, (int)accepted.Handle, accepted), peer);
    }

    private sealed class Reader(LoopSocket socket, Action<int> onRead) : ILoopReader
    {
        private readonly TaskCompletionSource _read = New(), _readTwice = New(), _posted = New(), _closed = New();

        public Task Read => _read.Task;

        public Task ReadTwice => _readTwice.Task;

        public Task Posted => _posted.Task;

        public Task Closed => _closed.Task;

        public void OnReadable()
        {
            var count = socket.Receive(socket.Loop.Buffer);
            if (count <= 0)
            {
                socket.ReadNoMore();
                return;
            }
            onRead(count);
            if (!_read.TrySetResult())
                _readTwice.TrySetResult();
        }

        public void OnPosted() => _posted.TrySetResult();

        public void OnClosing()
        {
        }

        public void OnClosed() => _closed.TrySetResult();

        private static TaskCompletionSource New() => new(TaskCreationOptions.RunContinuationsAsynchronously);
    }
}
