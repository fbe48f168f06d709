using ActorSocket.Sockets;
using System.Diagnostics.Metrics;
using System.Net;
using System.Text.Json;
using ActorSocket.Clustering;
using Microsoft.Extensions.DependencyInjection;

namespace ActorSocket.IntegrationTests.Cluster.Nodes;

/// <summary>What the official server's adapters do for several nodes (FEATURES C), with a client on each of two.</summary>
public sealed class ClusterWideTests : IAsyncLifetime
{
    private Node _first = null!;
    private Node _second = null!;
    private PollingClient _ada = null!;
    private PollingClient _bob = null!;

    public async Task InitializeAsync()
    {
        static void Map(ActorSocketServer io)
        {
            io.OnConnection(static async socket =>
            {
                await socket.JoinAsync("red");
                socket.Emit("joined");
            });
            io.OnServerEvent("add", static (int a, int b) => a + b);
        }
        _first = await Node.StartAsync(map: Map);
        _second = await Node.JoinAsync(_first, Map);
        await Node.MeetAsync(_first, _second);
        _ada = await PollingClient.ConnectAsync(_first, "Ada");
        _bob = await PollingClient.ConnectAsync(_second, "Bob");
        foreach (var client in (PollingClient[])[_ada, _bob])
            Assert.Equal("""42["joined"]""", await client.NextAsync());
    }

    [Fact]
    public async Task A_broadcast_reaches_every_node_unless_it_is_local()
    {
        _first.Server.To("red").Emit("one");
        _second.Server.Local.Emit("two");
        _second.Server.To("red").Emit("three");
        Assert.Equal("""42["one"]""", await _ada.NextAsync());
        Assert.Equal("""42["three"]""", await _ada.NextAsync());
        var bobs = new[] { await _bob.NextAsync(), await _bob.NextAsync(), await _bob.NextAsync() };
        Assert.Equal(["""42["one"]""", """42["three"]""", """42["two"]"""], bobs.Order(StringComparer.Ordinal), StringComparer.Ordinal);
        Assert.True(Array.IndexOf(bobs, """42["two"]""") < Array.IndexOf(bobs, """42["three"]"""));
    }

    [Fact]
    public async Task What_one_node_emits_arrives_in_order_on_the_other()
    {
        for (var number = 0; number < 500; number++)
            _first.Server.To("red").Emit("number", number, new string('x', number % 100 == 0 ? 100_000 : 10)); // some go in fragments
        for (var number = 0; number < 500; number++)
            Assert.StartsWith($"42[\"number\",{number},", await _bob.NextAsync(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_broadcast_with_acknowledgements_waits_for_the_clients_of_all_nodes()
    {
        Assert.Equal(
            ["Ada", "Bob"],
            (await _first.Server.To("red").Timeout(Node.Patience).EmitWithAckAsync<string>("who?")).Order(StringComparer.Ordinal),
            StringComparer.Ordinal
        );
        Assert.Empty(await _first.Server.To("nobody").Timeout(Node.Patience).EmitWithAckAsync<string>("who?"));
        var some = await Assert.ThrowsAsync<AckTimeoutException>(() =>
            _first.Server.Timeout(TimeSpan.FromMilliseconds(300)).EmitWithAckAsync<string>("silence?")
        );
        Assert.Empty(some.Responses);
        Assert.Equal(2, some.Missing);
        string[] sockets = [Assert.Single(_first.Server.Sockets).Id, Assert.Single(_second.Server.Sockets).Id];
        Assert.Equal(sockets.Order(StringComparer.Ordinal), some.Unanswered.Order(StringComparer.Ordinal), StringComparer.Ordinal);
        Assert.Empty(some.Answered);
        Assert.Empty(some.Left);
    }

    [Fact]
    public async Task A_broadcast_names_those_of_all_nodes_who_answered_and_who_left()
    {
        var (ada, bob) = (Assert.Single(_first.Server.Sockets), Assert.Single(_second.Server.Sockets));
        var wrong = await Assert.ThrowsAsync<AckTimeoutException>(() =>
            _first.Server.To("red").Timeout(Node.Patience).EmitWithAckAsync<int>("who?")
        );
        Assert.Equal(new[] { ada.Id, bob.Id }.Order(StringComparer.Ordinal), wrong.Answered.Order(StringComparer.Ordinal));
        var asked = _first.Server.To("red").Timeout(TimeSpan.FromSeconds(2)).EmitWithAckAsync<string>("silence?");
        _first.Server.To("red").Emit("asked"); // comes after the question
        Assert.Equal("""42["asked"]""", await _bob.NextAsync());
        await bob.DisconnectAsync();
        var gone = await Assert.ThrowsAsync<AckTimeoutException>(() => asked.WaitAsync(Node.Patience));
        Assert.Equal((2, ada.Id, bob.Id), (gone.Missing, Assert.Single(gone.Unanswered), Assert.Single(gone.Left)));
    }

    [Fact]
    public async Task Whoever_asks_clients_of_a_namespace_that_none_of_this_node_has_joined_is_told_in_time()
    {
        var silent = new Peer("silent", Akka.Actor.ActorRefs.Nobody, [], new LinkHub());
        ((ClusterAdapter)_first.Server.Server.Adapter).Peers.Add(silent);
        try
        {
            var quiet = _first.Server.Of("/quiet");
            Assert.Same(Akka.Actor.ActorRefs.Nobody, quiet.Services.Actor);
            var asked = quiet.Timeout(TimeSpan.FromMilliseconds(200)).EmitWithAckAsync<int>("ask");
            await Assert.ThrowsAsync<AckTimeoutException>(() => asked.WaitAsync(Node.Patience));
            var facts = SocketDetails.Of(Assert.Single(_first.Server.Sockets)) with { Id = "silent-0123456789012345678901" };
            var remote = new RemoteSocket(quiet, facts).Timeout(TimeSpan.FromMilliseconds(200)).EmitWithAckAsync<int>("ask");
            await Assert.ThrowsAsync<AckTimeoutException>(() => remote.WaitAsync(Node.Patience));
            var fetched = quiet.Timeout(TimeSpan.FromMilliseconds(200)).FetchSocketsAsync();
            await Assert.ThrowsAsync<ClusterTimeoutException>(() => fetched.WaitAsync(Node.Patience));
            var joined = quiet.Timeout(TimeSpan.FromMilliseconds(200)).SocketsJoinAsync("room").AsTask();
            await Assert.ThrowsAsync<ClusterTimeoutException>(() => joined.WaitAsync(Node.Patience));
            var answered = quiet.ServerSide.Timeout(TimeSpan.FromMilliseconds(200)).EmitWithAckAsync<int>("ask");
            await Assert.ThrowsAsync<AckTimeoutException>(() => answered.WaitAsync(Node.Patience));
            await Assert.ThrowsAsync<ArgumentOutOfRangeException>(() =>
                quiet.ServerSide.Timeout(Timeout.InfiniteTimeSpan).EmitWithAckAsync<int>("ask")
            );
        }
        finally
        {
            ((ClusterAdapter)_first.Server.Server.Adapter).Peers.Remove(silent);
        }
    }

    [Fact]
    public async Task Sockets_of_all_nodes_are_fetched_and_a_node_that_has_left_is_not_waited_for()
    {
        Assert.Equal(2, (await _first.Server.In("red").FetchSocketsAsync()).Count);
        await _second.StopAsync();
        var left = Assert.Single(await _first.Server.In("red").FetchSocketsAsync());
        Assert.StartsWith(_first.Server.NodeTag, left.Id, StringComparison.Ordinal);
    }

    [Fact]
    public async Task What_a_socket_keeps_for_itself_and_is_no_JSON_stays_behind_and_harms_nobody()
    {
        var data = Assert.Single(_second.Server.Sockets).Data;
        data["name"] = "Bob";
        data["later"] = (Action)(static () => { });
        var peer = ((ClusterAdapter)_second.Server.Server.Adapter).Peers.All[0];
        var bob = Assert.Single(
            await _first.Server.FetchSocketsAsync(),
            socket => socket.Id.StartsWith(_second.Server.NodeTag, StringComparison.Ordinal)
        );
        Assert.Equal("Bob", Assert.Single(bob.Data).Value?.ToString());
        Assert.Same(peer, ((ClusterAdapter)_second.Server.Server.Adapter).Peers.All[0]);
    }

    [Fact]
    public async Task Sockets_of_all_nodes_join_leave_and_are_disconnected()
    {
        await _first.Server.SocketsJoinAsync("blue");
        Assert.Equal(2, (await _second.Server.In("blue").FetchSocketsAsync()).Count);
        await _second.Server.SocketsLeaveAsync("blue");
        Assert.Empty(await _first.Server.In("blue").FetchSocketsAsync());
        await _first.Server.DisconnectSocketsAsync();
        Assert.Equal("41", await _ada.NextAsync());
        Assert.Equal("41", await _bob.NextAsync());
    }

    [Fact]
    public async Task Events_between_servers_reach_the_other_nodes_and_are_answered() =>
        Assert.Equal([3], await _first.Server.ServerSide.EmitWithAckAsync<int>("add", 1, 2));

    [Fact]
    public async Task Events_between_servers_are_answered_by_the_nodes_that_have_the_namespace()
    {
        var first = _first.Server.Of("/only-here"); // as a dynamic one, to which a client has come here
        Assert.Empty(await first.ServerSide.Timeout(TimeSpan.FromHours(1)).EmitWithAckAsync<int>("add", 1, 2).WaitAsync(Node.Patience));
        var second = _second.Server.Of("/only-here");
        second.OnServerEvent("add", static (int a, int b) => a + b);
        Assert.Equal(
            [3],
            await first.ServerSide.Timeout(TimeSpan.FromHours(1)).EmitWithAckAsync<int>("add", 1, 2).WaitAsync(Node.Patience)
        );
        // One that has it, and no answer, is missed, as ever.
        Assert.Equal(
            1,
            (
                await Assert.ThrowsAsync<AckTimeoutException>(() =>
                    first.ServerSide.EmitWithAckAsync<int>("nobody handles it").WaitAsync(Node.Patience)
                )
            ).Missing
        );
    }

    [Fact]
    public async Task A_close_packet_releases_the_GET_that_is_still_on_its_way_by_another_node() // E-48
    {
        using var http = new HttpClient();
        for (var round = 0; round < 20; round++)
        {
            var open = await http.GetStringAsync(new Uri(_first.Url, "/socket.io/?EIO=4&transport=polling"));
            var query =
                "/socket.io/?EIO=4&transport=polling&sid=" + JsonDocument.Parse(open[1..]).RootElement.GetProperty("sid").GetString();
            using var joined = await http.PostAsync(new Uri(_first.Url, query), new StringContent("40"));
            while (!(await http.GetStringAsync(new Uri(_second.Url, query))).Contains("joined", StringComparison.Ordinal))
            {
            }
            var poll = http.GetAsync(new Uri(_second.Url, query));
            using var closed = await http.PostAsync(new Uri(_first.Url, query), new StringContent("1"));
            Assert.Equal("ok", await closed.Content.ReadAsStringAsync());
            using var released = await poll;
            Assert.Equal("6", await released.Content.ReadAsStringAsync());
            using var gone = await http.GetAsync(new Uri(_second.Url, query));
            Assert.Equal(HttpStatusCode.BadRequest, gone.StatusCode);
        }
    }

    [Fact]
    public async Task A_broadcast_that_is_lost_between_nodes_is_counted()
    {
        using var metrics = new Readings(_second.Services);
        _first.Server.To("red").Emit("arrives");
        Assert.Equal("""42["arrives"]""", await _bob.NextAsync());
        for (var i = 0; i < 3; i++)
            ((ClusterAdapter)_first.Server.Server.Adapter).Peers.All[0].CountBroadcast(); // as if they had been sent
        await Node.UntilAsync(() => metrics.Read("actorsocket.cluster.lost_broadcasts") == 3, "what was lost to be counted");
        _first.Server.To("red").Emit("arrives, too");
        Assert.Equal("""42["arrives, too"]""", await _bob.NextAsync());
        Assert.Equal(3, metrics.Read("actorsocket.cluster.lost_broadcasts"));
    }

    [Fact]
    public async Task A_message_that_this_version_does_not_know_is_ignored_with_one_warning()
    {
        for (var i = 0; i < 3; i++)
            ((ClusterAdapter)_first.Server.Server.Adapter).Peers.All[0].Tell(new Packed("later", [1, 2, 3], ""));
        _first.Server.To("red").Emit("after");
        Assert.Equal("""42["after"]""", await _bob.NextAsync());
        Assert.Single(
            _second.Log,
            static line => line.Contains("sends messages that this version does not know (the first: later)", StringComparison.Ordinal)
        );
    }

    [Fact]
    public async Task The_members_are_those_that_this_node_sees_and_metrics_say_what_lives_where()
    {
        Assert.Equal(2, _first.Server.ClusterMembers.Count);
        Assert.Equal(
            _first.Cluster.SelfAddress.ToString(),
            Assert.Single(_first.Server.ClusterMembers, static member => member.IsSelf).Address
        );
        Assert.All(_first.Server.ClusterMembers, static member => Assert.True(member is { Status: "Up", IsReachable: true }));

        using var metrics = new Readings(_first.Services);
        Assert.Equal(2, metrics.Read("actorsocket.cluster.members", "Up"));
        Assert.Equal(0, metrics.Read("actorsocket.cluster.members", "Joining"));
        Assert.Equal(0, metrics.Read("actorsocket.cluster.unreachable_members"));
        Assert.Equal(1, metrics.Read("actorsocket.cluster.ready"));
        Assert.Equal(1, metrics.Read("actorsocket.cluster.peers"));
        await Node.UntilAsync(() => metrics.Read("actorsocket.cluster.unsynchronised_peers") == 0, "the directory to be synchronised");
        Assert.Equal(1, metrics.Read("actorsocket.cluster.own_rooms")); // red; a socket's own room is not announced
        Assert.Equal(1, metrics.Read("actorsocket.cluster.remote_rooms"));
        Assert.Equal(0, metrics.Read("actorsocket.cluster.unconfirmed_rounds"));
        Assert.Equal(0, metrics.Read("actorsocket.cluster.links", "gateway"));
        await Node.UntilAsync(
            () => metrics.Read("actorsocket.cluster.shards", "sessions") == SessionSharding.ShardsPerNode,
            "the shards to be counted"
        );
        _first.Server.To("red").Emit("counted");
        Assert.Equal(1, metrics.Read("actorsocket.cluster.forwarded_broadcasts"));
        using var http = new HttpClient();
        var open = await http.GetStringAsync(new Uri(_second.Url, "/socket.io/?EIO=4&transport=polling"));
        var sid = System.Text.Json.JsonDocument.Parse(open[1..]).RootElement.GetProperty("sid").GetString();
        await http.PostAsync(new Uri(_first.Url, $"/socket.io/?EIO=4&transport=polling&sid={sid}"), new StringContent("1"));
        Assert.Equal(1, metrics.Read("actorsocket.cluster.forwarded_requests", "post"));

        await _second.StopAsync();
        await Node.UntilAsync(() => metrics.Read("actorsocket.cluster.members", "Up") == 1, "the other node to have left");
        Assert.Equal(0, metrics.Read("actorsocket.cluster.unreachable_members"));
        await Node.UntilAsync(() => metrics.Read("actorsocket.cluster.remote_rooms") == 0, "its rooms to be forgotten");
    }

    public async Task DisposeAsync()
    {
        await _second.DisposeAsync();
        await _first.DisposeAsync();
    }

    /// <summary>What the meter of one node has measured.</summary>
    private sealed class Readings : IDisposable
    {
        private readonly MeterListener _listener = new();
        private readonly Dictionary<string, long> _values = new(StringComparer.Ordinal);

        public Readings(IServiceProvider services)
        {
            var meters = services.GetRequiredService<IMeterFactory>();
            _listener.InstrumentPublished = (instrument, listener) =>
            {
                if (instrument.Meter.Scope == meters && instrument.Meter.Name == "ActorSocket")
                    listener.EnableMeasurementEvents(instrument);
            };
            _listener.SetMeasurementEventCallback<long>((instrument, value, tags, _) =>
            {
                var key = instrument.Name + (tags.Length > 0 ? " " + tags[0].Value : "");
                lock (_values)
                    _values[key] = instrument.IsObservable ? value : _values.GetValueOrDefault(key) + value;
            });
            _listener.Start();
        }

        public long Read(string name, string tag = "")
        {
            _listener.RecordObservableInstruments();
            lock (_values)
                return _values.GetValueOrDefault(name + (tag.Length > 0 ? " " + tag : ""), -1);
        }

        public void Dispose() => _listener.Dispose();
    }
}
