using System.Collections.Concurrent;
using System.IO.Pipelines;
using System.Text;
using Akka.Actor;
using ActorSocket.Clustering;
using ActorSocket.Transports;
using CsCheck;

namespace ActorSocket.Tests.Cluster.Links;

/// <summary>Bytes of WebSockets between two nodes: in order, bounded by a window, and nothing left of a link that is over.</summary>
public sealed class LinkTests : Akka.TestKit.Xunit2.TestKit
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(20);

    private readonly LinkHub _gateways = new(), _homes = new();
    private int _toLose;

    public LinkTests()
    {
        _gateways.Receiver = Sys.ActorOf(Props.Create(() => new Wire(_homes, Loses)));
        _homes.Receiver = Sys.ActorOf(Props.Create(() => new Wire(_gateways, static () => false)));
    }

    [Fact]
    public async Task Bytes_arrive_in_order_in_both_directions_and_two_closes_end_the_link()
    {
        var (gateway, home) = Connect();
        var expected = new StringBuilder();
        for (var i = 0; i < 2_000; i++)
        {
            expected.Append(i).Append(',');
            await gateway.End.SendAsync(Encoding.ASCII.GetBytes($"{i},"));
            await home.End.SendAsync(Encoding.ASCII.GetBytes($"{i},"));
        }
        gateway.End.Close();
        await home.End.Ended.WaitAsync(Patience);
        Assert.Equal(expected.ToString(), home.Text);
        Assert.Equal((1, 1), (_gateways.Count, _homes.Count)); // the other direction is open
        home.End.Close();
        await gateway.End.Ended.WaitAsync(Patience);
        Assert.Equal(expected.ToString(), gateway.Text);
        await EmptyAsync();
        Assert.False(gateway.End.WasAborted || home.End.WasAborted);
    }

    [Fact]
    public async Task Who_does_not_read_holds_up_who_writes_at_the_window()
    {
        var (gateway, home) = Connect();
        var gate = home.Block();
        var sent = gateway.End.SendAsync(new byte[LinkEnd.Window * 3]).AsTask();
        await home.Blocked.WaitAsync(Patience);
        await EmitBarrierAsync();
        Assert.False(sent.IsCompleted);
        gate.SetResult();
        await sent.WaitAsync(Patience);
        gateway.End.Close();
        await home.End.Ended.WaitAsync(Patience);
        Assert.Equal(LinkEnd.Window * 3, home.Length);
        home.End.Close();
        await EmptyAsync();
    }

    [Fact]
    public async Task Who_waits_to_send_learns_that_his_own_side_has_closed()
    {
        var (gateway, home) = Connect();
        gateway.Block();
        var sent = home.End.SendAsync(new byte[LinkEnd.Window * 3]).AsTask();
        await gateway.Blocked.WaitAsync(Patience);
        home.End.Close();
        await Assert.ThrowsAsync<IOException>(() => sent.WaitAsync(Patience));
    }

    [Fact]
    public async Task A_client_that_has_ended_his_WebSocket_and_does_not_read_what_is_left_is_cut()
    {
        var (gateway, home) = Connect();
        gateway.Block();
        await home.End.SendAsync(new byte[10]);
        await gateway.Blocked.WaitAsync(Patience);
        var relay = SessionGateway.RelayAsync(new EndedLink(), gateway.End, TimeProvider.System);
        await home.End.Ended.WaitAsync(Patience);
        home.End.Close();
        await relay.WaitAsync(Patience);
        Assert.True(gateway.End.WasAborted);
        await EmptyAsync();
    }

    [Fact]
    public async Task A_cut_ends_both_sides_and_whoever_waits_to_send()
    {
        var (gateway, home) = Connect();
        home.Block();
        var sent = gateway.End.SendAsync(new byte[LinkEnd.Window * 3]).AsTask();
        await home.Blocked.WaitAsync(Patience);
        home.End.Abort();
        await Assert.ThrowsAsync<IOException>(() => sent.WaitAsync(Patience));
        await gateway.End.Ended.WaitAsync(Patience);
        Assert.True(gateway.End.WasAborted);
        await EmptyAsync();
    }

    [Fact]
    public async Task A_reader_that_fails_cuts_the_link()
    {
        var (gateway, home) = Connect();
        home.Fails = true;
        await gateway.End.SendAsync(new byte[10]);
        await gateway.End.Ended.WaitAsync(Patience);
        Assert.True(gateway.End.WasAborted);
        await EmptyAsync();
    }

    [Fact]
    public async Task A_batch_that_is_lost_between_the_nodes_cuts_the_links_and_no_byte_is_skipped()
    {
        var (gateway, home) = Connect();
        await gateway.End.SendAsync("one,"u8.ToArray());
        await AwaitAssertAsync(() => Assert.Equal("one,", home.Text), Patience);
        Volatile.Write(ref _toLose, 1);
        await gateway.End.SendAsync("two,"u8.ToArray());
        await AwaitAssertAsync(() => Assert.Equal(0, Volatile.Read(ref _toLose)), Patience);
        await gateway.End.SendAsync("three,"u8.ToArray());
        await Task.WhenAll(gateway.End.Ended, home.End.Ended).WaitAsync(Patience);
        Assert.True(gateway.End.WasAborted && home.End.WasAborted);
        Assert.Equal("one,", home.Text);
        // What is opened from here on is whole.
        (gateway, home) = Connect();
        await gateway.End.SendAsync("four"u8.ToArray());
        await AwaitAssertAsync(() => Assert.Equal("four", home.Text), Patience);
        gateway.End.Abort();
        await EmptyAsync();
    }

    [Fact]
    public async Task A_last_batch_that_is_lost_is_noticed_by_the_count_of_them_and_nothing_is_cut_by_a_count_that_is_right()
    {
        var (gateway, home) = Connect();
        await gateway.End.SendAsync("one,"u8.ToArray());
        _gateways.TellCount();
        _gateways.TellCount();
        await EmitBarrierAsync();
        Assert.False(gateway.End.WasAborted || home.End.WasAborted);
        Volatile.Write(ref _toLose, 1);
        await gateway.End.SendAsync("two,"u8.ToArray());
        await AwaitAssertAsync(() => Assert.Equal(0, Volatile.Read(ref _toLose)), Patience);
        _gateways.TellCount(); // nothing else follows
        await Task.WhenAll(gateway.End.Ended, home.End.Ended).WaitAsync(Patience);
        Assert.True(gateway.End.WasAborted && home.End.WasAborted);
        Assert.Equal("one,", home.Text);
        await EmptyAsync();
    }

    [Fact]
    public async Task Word_of_an_answer_that_was_lost_is_given_again_once_the_loss_is_noticed()
    {
        var left = new TaskCompletionSource<long>(TaskCreationOptions.RunContinuationsAsynchronously);
        _homes.AnswerLeft = left.SetResult;
        _homes.BatchLost = () =>
        {
            _homes.AskAnswerLeft(6); // not yet
            _homes.AskAnswerLeft(7);
        };
        Volatile.Write(ref _toLose, 1);
        _gateways.TellAnswerLeft(7);
        await AwaitAssertAsync(() => Assert.Equal(0, Volatile.Read(ref _toLose)), Patience);
        _gateways.TellCount(); // nothing else follows
        Assert.Equal(7, await left.Task.WaitAsync(Patience));
        await EmitBarrierAsync();
    }

    [Fact]
    public async Task Word_is_given_of_an_answer_that_has_left_and_not_of_one_long_before_it()
    {
        var told = new ConcurrentQueue<long>();
        _gateways.TellAnswerLeft(1);
        for (var request = 2; request < 100_000; request++)
            _gateways.TellAnswerLeft(request);
        await EmitBarrierAsync();
        _homes.AnswerLeft = told.Enqueue;
        foreach (var request in (long[])[0, -1, 1, 100_000, 99_999, 95_000])
            _homes.AskAnswerLeft(request);
        await EmitBarrierAsync(); // the questions are there
        await EmitBarrierAsync(); // and what was answered
        Assert.Equal([99_999, 95_000], told);
    }

    [Fact]
    public async Task A_close_that_finds_nobody_is_answered()
    {
        var link = _gateways.NextLink();
        var gateway = new Side(_gateways, isGateway: true, link);
        Assert.True(_gateways.TryAdd(gateway.End));
        gateway.End.Close(); // its home has gone, and the word of that was lost
        await gateway.End.Ended.WaitAsync(Patience);
        await EmptyAsync();
    }

    [Fact]
    public async Task A_node_that_goes_cuts_its_links_and_takes_no_new_ones()
    {
        var links = Enumerable.Range(0, 10).Select(_ => Connect()).ToArray();
        _gateways.Close();
        foreach (var (gateway, _) in links)
        {
            await gateway.End.Ended.WaitAsync(Patience);
            Assert.True(gateway.End.WasAborted);
        }
        Assert.Equal(0, _gateways.Count);
        Assert.False(_gateways.TryAdd(new LinkEnd(_gateways, isGateway: true, _gateways.NextLink(), static _ => default, static _ => { })));
    }

    [Fact]
    public async Task Whatever_the_two_sides_do_nothing_is_left()
    {
        var scripts = Gen.OneOf(Gen.Const('s'), Gen.Const('l'), Gen.Const('c'), Gen.Const('a')).Array[0, 8];
        var samples = new List<(char[] One, char[] Two)>();
        Gen.Select(scripts, scripts).Sample((one, two) => { lock (samples) samples.Add((one, two)); }, iter: 200);
        foreach (var (one, two) in samples)
        {
            var (gateway, home) = Connect();
            await Task.WhenAll(PlayAsync(gateway.End, one), PlayAsync(home.End, two)).WaitAsync(Patience);
        }
        await EmptyAsync();

        static Task PlayAsync(LinkEnd end, char[] script) => Task.Run(async () =>
        {
            try
            {
                foreach (var step in script)
                {
                    switch (step)
                    {
                        case 's': await end.SendAsync(new byte[100]); break;
                        case 'l': await end.SendAsync(new byte[LinkEnd.Window + 1]); break;
                        case 'c': end.Close(); break;
                        default: end.Abort(); break;
                    }
                }
            }
            catch (IOException)
            {
                // Closed by one of the two.
            }
            end.Close();
        });
    }

    private (Side Gateway, Side Home) Connect()
    {
        var link = _gateways.NextLink();
        var (gateway, home) = (new Side(_gateways, isGateway: true, link), new Side(_homes, isGateway: false, link));
        Assert.True(_gateways.TryAdd(gateway.End));
        Assert.True(_homes.TryAdd(home.End));
        return (gateway, home);
    }

    private bool Loses() => Interlocked.Exchange(ref _toLose, 0) == 1;

    /// <summary>What was sent before has arrived.</summary>
    private async Task EmitBarrierAsync()
    {
        var (gateway, home) = Connect();
        gateway.End.Close();
        await home.End.Ended.WaitAsync(Patience);
        home.End.Close();
        await gateway.End.Ended.WaitAsync(Patience);
    }

    /// <summary>The client has half-closed.</summary>
    private sealed class EndedLink : WebSocketLink
    {
        public override PipeReader Input { get; } = PipeReader.Create(Stream.Null);

        public override ValueTask WriteAsync(ReadOnlyMemory<byte> frames) => throw new NotSupportedException();

        public override void Abort() => throw new NotSupportedException();
    }

    private Task EmptyAsync() => AwaitAssertAsync(() => Assert.Equal((0, 0), (_gateways.Count, _homes.Count)), Patience);

    /// <summary>What remoting does, and the receiver on the other node.</summary>
    private sealed class Wire(LinkHub hub, Func<bool> loses) : UntypedActor
    {
        protected override void OnReceive(object message)
        {
            if (!loses())
                hub.Receive((ClusterProtocol.LinkBatch)((Packed)message).Unpack());
        }
    }

    private sealed class Side
    {
        private readonly List<byte> _taken = [];
        private readonly TaskCompletionSource _blocked = new(TaskCreationOptions.RunContinuationsAsynchronously);
        private Task _gate = Task.CompletedTask;

        public Side(LinkHub hub, bool isGateway, long link) => End = new LinkEnd(hub, isGateway, link, TakeAsync, static _ => { });

        public LinkEnd End { get; }

        public bool Fails { get; set; }

        public Task Blocked => _blocked.Task;

        public long Length => _taken.Count;

        public string Text => Encoding.ASCII.GetString([.. _taken]);

        public TaskCompletionSource Block()
        {
            var gate = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
            _gate = gate.Task;
            return gate;
        }

        private async ValueTask TakeAsync(ReadOnlyMemory<byte> bytes)
        {
            if (Fails)
                throw new IOException("gone");
            if (!_gate.IsCompleted)
                _blocked.TrySetResult();
            await _gate;
            _taken.AddRange(bytes.Span);
        }
    }
}
