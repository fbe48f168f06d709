using ActorSocket.ClientTests.Infrastructure;
using ActorSocket.ClusterTests.Infrastructure;
using Xunit.Abstractions;

namespace ActorSocket.ClusterTests;

/// <summary>
/// What only a cluster has, by the official client: clients on every node, reached from every node. The cases are in
/// ClientTests/node/cluster.mjs.
/// </summary>
[Collection(SharedClusterGroup.Name)]
public sealed class ClusterClientTests(SharedCluster shared, ITestOutputHelper output) : ClusterClientTest(shared, output)
{
    [Theory]
    [EachTransport]
    public async Task A_client_upgrades_although_every_request_goes_to_another_node(string mode)
    {
        var result = await RunAsync("cluster", mode);
        if (mode == "websocket")
            return; // one request, at home by nature
        foreach (var sid in result.GetProperty("sids").EnumerateArray().Select(static sid => sid.GetString()!))
        {
            var home = Cluster.HomeOf(sid).HttpPort;
            Assert.Contains(Cluster.Balancer.PortsOf(sid), port => port != home);
        }
    }

    [Theory]
    [EachTransport]
    public Task A_megabyte_passes_both_ways(string mode) => RunAsync("cluster", mode);

    [Theory]
    [EachTransport]
    public Task Whoever_has_joined_gets_every_later_broadcast_from_any_node_once_and_in_order(string mode) => RunAsync("cluster", mode);

    [Theory]
    [InlineData("websocket")]
    [InlineData("polling")]
    public Task Large_broadcasts_keep_their_order_among_small_ones(string mode) => RunAsync("cluster", mode);

    [Theory]
    [InlineData("upgrade")]
    public Task Local_reaches_the_sockets_of_the_emitting_node_only(string mode) => RunAsync("cluster", mode);

    [Theory]
    [EachTransport]
    public Task Volatile_events_of_a_broadcast_are_lost_or_in_their_place(string mode) => RunAsync("cluster", mode);

    [Theory]
    [EachTransport]
    public Task A_broadcast_with_acknowledgements_asks_the_clients_of_all_nodes(string mode) => RunAsync("cluster", mode);

    [Theory]
    [InlineData("polling")]
    public Task FetchSockets_has_the_facts_of_sockets_on_all_nodes(string mode) => RunAsync("cluster", mode);

    [Theory]
    [EachTransport]
    public Task Sockets_of_other_nodes_are_moved_and_disconnected(string mode) => RunAsync("cluster", mode);

    [Theory]
    [InlineData("upgrade")]
    public Task Servers_ask_and_tell_each_other(string mode) => RunAsync("cluster", mode);

    [Theory]
    [InlineData("upgrade")]
    public Task A_dynamic_namespace_is_one_on_all_nodes(string mode) => RunAsync("cluster", mode);

    [Theory]
    [InlineData("polling")]
    [InlineData("upgrade")]
    public Task A_private_message_finds_its_socket_from_every_node(string mode) => RunAsync("cluster", mode);
}
