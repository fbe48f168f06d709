using System.Net;
using System.Net.Http.Json;
using System.Text.Json;
using ActorSocket.Clustering;
using Microsoft.AspNetCore.Builder;

namespace ActorSocket.IntegrationTests.Cluster.Rooms;

/// <summary>Sockets that cannot do what is asked of them are told of to whoever asked, whichever node they are on.</summary>
public sealed class FailedJoinTests : IAsyncLifetime, IDisposable
{
    private readonly HttpClient _http = new();
    private Node _first = null!;
    private Node _second = null!;
    private PollingClient _ada = null!;
    private PollingClient _bob = null!;

    public async Task InitializeAsync()
    {
        static void Map(ActorSocketServer io) => io.OnConnection(static async socket =>
        {
            await socket.JoinAsync("red");
            socket.Emit("joined");
        });
        _first = await Node.StartAsync(map: Map, endpoints: static app => app.MapActorSocketApi().AllowAnonymous());
        _second = await Node.StartAsync(
            cluster => cluster.SeedNodes.Add(_first.Seed), Map, options: static options => options.MaxRoomsPerSocket = 1);
        await Node.MeetAsync(_first, _second);
        (_ada, _bob) = (await PollingClient.ConnectAsync(_first, "Ada"), await PollingClient.ConnectAsync(_second, "Bob"));
        foreach (var client in (PollingClient[])[_ada, _bob])
            Assert.Equal("""42["joined"]""", await client.NextAsync());
    }

    public void Dispose() => _http.Dispose();

    [Fact]
    public async Task A_socket_of_another_node_that_cannot_join_is_named_and_all_others_join()
    {
        var bob = Assert.Single(_second.Server.Sockets);
        var failed = await Assert.ThrowsAsync<SocketsFailedException>(() => _first.Server.SocketsJoinAsync("blue").AsTask());
        Assert.Equal((1, bob.Id, 0), (failed.Failed, Assert.Single(failed.Sockets), failed.MissingNodes.Count));
        Assert.Contains("MaxRoomsPerSocket", failed.Message, StringComparison.Ordinal);
        Assert.Equal(Assert.Single(_first.Server.Sockets).Id, Assert.Single(await _second.Server.In("blue").FetchSocketsAsync()).Id);
        Assert.DoesNotContain(_second.Log, static line => line.StartsWith("Error", StringComparison.Ordinal)); // who asked has it

        var remote = Assert.Single(await _first.Server.In(bob.Id).FetchSocketsAsync());
        await Assert.ThrowsAsync<SocketsFailedException>(() => remote.JoinAsync("green").AsTask());
        await remote.LeaveAsync("red");
        await remote.JoinAsync("green");
    }

    [Fact]
    public async Task A_name_that_is_too_long_is_refused_before_anybody_has_joined()
    {
        var error = await Assert.ThrowsAsync<ArgumentException>(() =>
            _first.Server.In(Assert.Single(_second.Server.Sockets).Id).SocketsJoinAsync(["ok", new string('x', 257)]).AsTask());
        Assert.Equal("rooms", error.ParamName);
        Assert.Empty(await _second.Server.In("ok").FetchSocketsAsync());
    }

    [Fact]
    public async Task By_the_HTTP_API_it_is_a_problem_that_names_them()
    {
        var bob = Assert.Single(_second.Server.Sockets).Id;
        var problem = await ProblemAsync("join", new { targets = new[] { "blue" } }, HttpStatusCode.Conflict);
        Assert.Equal((1, 0), (problem.GetProperty("failed").GetInt32(), problem.GetProperty("missing").GetInt32()));
        Assert.Equal(bob, problem.GetProperty("sockets").EnumerateArray().Single().GetString());
    }

    [Fact]
    public async Task A_node_that_does_not_answer_is_named_beside_the_sockets_that_failed()
    {
        var silent = new Peer("silent", Akka.Actor.ActorRefs.Nobody, [], new LinkHub());
        var peers = ((ClusterAdapter)_first.Server.Server.Adapter).Peers;
        peers.Add(silent);
        try
        {
            silent.SetReachable(false); // as one that the failure detector has lost sight of: it is told at once
            var failed = await Assert.ThrowsAsync<SocketsFailedException>(() => _first.Server.SocketsJoinAsync("blue").AsTask());
            Assert.Equal((1, silent.Address.ToString()), (failed.Failed, Assert.Single(failed.MissingNodes)));
            var late = await Assert.ThrowsAsync<ClusterTimeoutException>(() => _first.Server.SocketsLeaveAsync("blue").AsTask());
            Assert.Equal((1, silent.Address.ToString()), (late.Missing, Assert.Single(late.MissingNodes)));
            foreach (var (path, body) in ((string, object)[])[("leave", new { targets = new[] { "blue" } }), ("disconnect", new { })])
            {
                var problem = await ProblemAsync(path, body, HttpStatusCode.GatewayTimeout);
                Assert.Equal(1, problem.GetProperty("missing").GetInt32());
                Assert.Equal(silent.Address.ToString(), problem.GetProperty("missingNodes").EnumerateArray().Single().GetString());
            }
        }
        finally
        {
            peers.Remove(silent);
        }
    }

    public async Task DisposeAsync()
    {
        await _second.DisposeAsync();
        await _first.DisposeAsync();
    }

    private async Task<JsonElement> ProblemAsync(string path, object body, HttpStatusCode status)
    {
        using var answer = await _http.PostAsJsonAsync(new Uri(_first.Url, "/api/io/" + path), body);
        Assert.Equal(status, answer.StatusCode);
        return JsonElement.Parse(await answer.Content.ReadAsStringAsync());
    }
}
