using Microsoft.Extensions.DependencyInjection;

namespace ActorSocket.TestKit.Tests;

/// <summary>Clusters in one process: what goes between nodes, and nodes that crash, leave and are cut off.</summary>
public sealed class ClusterTests
{
    private static Task<ActorSocketTestCluster> StartAsync(int nodes) => ActorSocketTestCluster.StartAsync(
        nodes,
        static services => services.AddActorSocket(static o => o.ConnectionStateRecovery = new RecoveryOptions()),
        static io =>
        {
            var counters = io.MapEntities<Counter>("counter");
            io.OnConnection(async socket =>
            {
                socket.On("say", (SocketArgument what) => io.To("red").Emit("said", what));
                socket.On("count", () => counters.InvokeAsync<int>("one", "count"));
                if (!socket.Recovered)
                    await socket.JoinAsync("red");
            });
        });

    [Fact]
    public async Task Rooms_span_nodes_and_probes_see_what_a_node_was_told()
    {
        await using var cluster = await StartAsync(2);
        var (one, two) = (cluster.Nodes[0], cluster.Nodes[1]);
        var alice = await one.ConnectAsync();
        var bob = await two.ConnectAsync();
        using var told = two.Room("red");
        using var events = two.ServerEvents("/", "refresh");
        for (var i = 0; i < 20; i++)
        {
            alice.Emit("say", i);
            Assert.Equal(i, await bob.ExpectAsync<int>("said"));
            Assert.Equal(i, await told.ExpectAsync<int>("said"));
            await alice.ExpectAsync("said");
            await bob.ExpectNothingAsync();
        }
        alice.Emit("say", "unexpected");
        await Assert.ThrowsAsync<ExpectationException>(() => bob.ExpectNothingAsync());
        one.Io.ServerSide.Emit("refresh", "list");
        Assert.Equal("list", await events.ExpectAsync<string>("refresh"));
        Assert.Equal(1, await alice.EmitWithAckAsync<int>("count"));
        Assert.Equal(2, await bob.EmitWithAckAsync<int>("count"));
    }

    [Fact]
    public async Task Clients_of_a_node_that_crashes_come_back_by_another_one()
    {
        await using var cluster = await StartAsync(3);
        var alice = await cluster.Nodes[0].ConnectAsync();
        var bob = await cluster.Nodes[1].ConnectAsync();
        bob.Emit("say", "hi");
        await alice.ExpectAsync("said");
        await bob.ExpectAsync("said");

        await cluster.Nodes[0].CrashAsync();
        Assert.False(cluster.Nodes[0].IsRunning);
        Assert.Equal("transport close", await alice.ExpectDisconnectAsync());
        await Assert.ThrowsAsync<ExpectationException>(() => cluster.Nodes[0].ConnectAsync());
        bob.Emit("say", "where are you?");
        await bob.ExpectAsync("said");
        await alice.ReconnectAsync();
        Assert.Same(cluster.Nodes[1], alice.Server);
        await cluster.UntilWholeAsync();
        bob.Emit("say", "there you are");
        await alice.ExpectAsync("said", static said => said.As<string>() == "there you are");
    }

    [Fact]
    public async Task A_node_that_leaves_hands_its_clients_over()
    {
        await using var cluster = await StartAsync(2);
        var alice = await cluster.Nodes[0].ConnectAsync();
        var bob = await cluster.Nodes[1].ConnectAsync();
        var id = alice.Id;
        bob.Emit("say", 1);
        await alice.ExpectAsync("said");
        await cluster.Nodes[0].LeaveAsync();
        await alice.ExpectDisconnectAsync();
        bob.Emit("say", 2);
        await alice.ReconnectAsync(cluster.Nodes[1]);
        Assert.True(alice.Recovered);
        Assert.Equal(id, alice.Id);
        Assert.Equal(2, await alice.ExpectAsync<int>("said"));
        await cluster.UntilWholeAsync();
        var third = await cluster.StartNodeAsync();
        var carol = await third.ConnectAsync();
        alice.Emit("say", 3);
        Assert.Equal(3, await carol.ExpectAsync<int>("said"));
    }

    [Fact]
    public async Task Who_is_cut_off_gets_nothing_and_goes_on_when_it_is_healed()
    {
        await using var cluster = await ActorSocketTestCluster.StartAsync(
            2,
            map: static io => io.OnConnection(static _ => { }),
            configure: static options => options.StableAfter = TimeSpan.FromMinutes(1));
        var bob = await cluster.Nodes[1].ConnectAsync();
        cluster.Nodes[0].Io.Emit("before");
        await bob.ExpectAsync("before");
        await cluster.PartitionAsync(cluster.Nodes[1]);
        cluster.Nodes[0].Io.Emit("lost");
        await bob.ExpectNothingAsync();
        await cluster.HealAsync();
        await cluster.UntilWholeAsync();
        cluster.Nodes[0].Io.Emit("after");
        await bob.ExpectAsync("after");
        await bob.ExpectNothingAsync();
    }

    [Fact]
    public async Task The_side_without_the_majority_ends_itself()
    {
        await using var cluster = await StartAsync(3);
        var alice = await cluster.Nodes[2].ConnectAsync();
        await cluster.PartitionAsync(cluster.Nodes[2]);
        await cluster.Nodes[2].StoppedAsync();
        await cluster.UntilWholeAsync();
        await alice.ExpectDisconnectAsync();
        await alice.ReconnectAsync();
        Assert.NotSame(cluster.Nodes[2], alice.Server);
    }

    private sealed class Counter : RoomEntity
    {
        private int _count;

        [Event("count")]
        public int Count() => ++_count;
    }
}
