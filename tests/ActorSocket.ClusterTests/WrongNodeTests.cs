using System.Diagnostics;
using System.Net;
using System.Net.Sockets;
using System.Text;
using ActorSocket.ClientTests.Infrastructure;
using ActorSocket.ClusterTests.Infrastructure;
using Xunit.Abstractions;

namespace ActorSocket.ClusterTests;

/// <summary>
/// Requests that come to a node on which their session does not live, in the bare protocol. What is expected is what the session's own node
/// answers.
/// </summary>
[Collection(SharedClusterGroup.Name)]
public sealed class WrongNodeTests(SharedCluster shared, ITestOutputHelper output) : IAsyncLifetime
{
    private TestCluster Cluster => shared.Cluster;

    private NodeProcess A => Cluster.Nodes[0];

    private NodeProcess B => Cluster.Nodes[1];

    private NodeProcess C => Cluster.Nodes[2];

    public Task InitializeAsync() => Task.CompletedTask;

    /// <summary>No test may leave anything behind.</summary>
    public async Task DisposeAsync()
    {
        try
        {
            await Cluster.EmptyAsync();
        }
        catch
        {
            output.WriteLine(Cluster.Explain());
            throw;
        }
    }

    [Fact]
    public async Task A_forged_id_of_a_living_node_is_unknown_and_makes_no_session()
    {
        var client = await WireClient.OpenAsync(A.Url);
        var start = Stopwatch.GetTimestamp();
        foreach (
            var forged in new[]
            {
                Changed(client.Sid, ^1),
                Changed(client.Sid, 10),
                client.Sid[..^8],
                client.Sid + "A",
                A.Tag,
                A.Tag + new string('A', 30),
            }
        )
        {
            foreach (var node in new[] { A, B, C })
            {
                await WireClient.RefusedAsync(await WireClient.Http.GetAsync(client.UrlOn(node.Url, otherSid: forged)), 1);
                await WireClient.RefusedAsync(
                    await WireClient.Http.PostAsync(client.UrlOn(node.Url, otherSid: forged), new StringContent("2")),
                    1
                );
            }
        }
        Assert.True(Stopwatch.GetElapsedTime(start) < TimeSpan.FromSeconds(5), "refused at once");
        Assert.Equal(1, (await A.StateAsync()).Sessions);
        await CloseAsync(client, B);
    }

    [Fact]
    public async Task An_id_of_a_node_that_nobody_knows_is_unknown_at_once()
    {
        var client = new WireClient(A.Url, "nobody" + new string('x', 30));
        foreach (var node in new[] { A, B, C })
        {
            var start = Stopwatch.GetTimestamp();
            await WireClient.RefusedAsync(await client.GetAsync(node.Url), 1);
            Assert.True(Stopwatch.GetElapsedTime(start) < TimeSpan.FromSeconds(1), "at once");
        }
    }

    [Fact]
    public async Task The_id_of_a_closed_session_is_unknown_on_every_node()
    {
        var client = await WireClient.ConnectAsync(A.Url, B.Url);
        await CloseAsync(client, C);
        foreach (var node in new[] { A, B, C })
        {
            await WireClient.RefusedAsync(await client.GetAsync(node.Url), 1);
            await WireClient.RefusedAsync(await client.PostAsync("2", node.Url), 1);
            using var webSocket = await RawWebSocket.OpenAsync(client.UrlOn(node.Url, "websocket"));
            Assert.Equal(HttpStatusCode.BadRequest, webSocket.Status);
        }
    }

    [Fact]
    public async Task A_wrong_protocol_transport_or_method_is_refused_and_the_session_stays()
    {
        var client = await WireClient.ConnectAsync(A.Url, B.Url);
        await WireClient.RefusedAsync(await WireClient.Http.GetAsync(client.UrlOn(B.Url, eio: "3")), 3);
        await WireClient.RefusedAsync(await WireClient.Http.GetAsync(client.UrlOn(B.Url, "websocket")), 3);
        await WireClient.RefusedAsync(await WireClient.Http.GetAsync(client.UrlOn(B.Url, "carrier-pigeon")), 0);
        using (var put = await WireClient.Http.PutAsync(client.UrlOn(B.Url), new StringContent("4")))
            Assert.Equal(HttpStatusCode.MethodNotAllowed, put.StatusCode);
        using (var webSocket = await RawWebSocket.OpenAsync(client.UrlOn(B.Url, "websocket"), key: "short"))
            Assert.Equal(HttpStatusCode.BadRequest, webSocket.Status);
        await EchoAsync(client, B, C);
        await CloseAsync(client, B);
    }

    [Fact]
    public async Task Two_GETs_at_different_nodes_end_the_session() // E-42
    {
        var client = await WireClient.ConnectAsync(A.Url, B.Url);
        await ParkedAsync(client, B, async first =>
        {
            using var second = await client.GetAsync(C.Url);
            Assert.Equal(HttpStatusCode.BadRequest, second.StatusCode);
            Assert.Equal("1", await WireClient.TextOf(await first));
        });
        await UnknownAsync(client);
    }

    [Fact]
    public async Task Two_POSTs_at_different_nodes_end_the_session() // E-45
    {
        var client = await WireClient.ConnectAsync(A.Url, B.Url);
        using var first = await SlowPost.BeginAsync(client.UrlOn(B.Url), 100, "42[\"");
        // The first is known at home once a second one is refused; before that the second is simply the first.
        await NodeProcess.UntilAsync(
            async () =>
            {
                using var second = await client.PostAsync("3", C.Url);
                return second.StatusCode == HttpStatusCode.BadRequest;
            },
            "the second POST to be refused",
            TimeSpan.FromSeconds(10),
            Cluster.Explain);
        await UnknownAsync(client);
    }

    [Fact]
    public async Task A_POST_that_is_refused_before_all_of_it_has_come_leaves_its_connection_whole()
    {
        var client = await WireClient.ConnectAsync(A.Url, B.Url);
        await CloseAsync(client, A);
        using var post = await SlowPost.BeginAsync(client.UrlOn(B.Url), 100, "42[\"");
        Assert.Equal(400, await post.AnswerAsync());
        // What is left of the body is no part of the next request, and nobody reads it any more.
        await post.SendAsync(new string('x', 96) + $"GET /ready HTTP/1.1\r\nHost: {B.Url.Authority}\r\n\r\n");
        Assert.Equal(200, await post.AnswerAsync());
        Assert.DoesNotContain("ended abnormally", B.Output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_POST_that_is_too_large_is_refused_and_the_session_stays() // E-46
    {
        var client = await WireClient.ConnectAsync(A.Url, B.Url);
        using (var response = await client.PostAsync("4" + new string('x', 1_000_001), B.Url))
            Assert.Equal(HttpStatusCode.RequestEntityTooLarge, response.StatusCode);
        using (
            var message = new HttpRequestMessage(HttpMethod.Post, client.UrlOn(C.Url))
            {
                Content = new StringContent("4" + new string('x', 1_200_000)),
            }
        )
        {
            message.Headers.TransferEncodingChunked = true;
            using var response = await WireClient.Http.SendAsync(message);
            Assert.Equal(HttpStatusCode.RequestEntityTooLarge, response.StatusCode);
        }
        await EchoAsync(client, C, B);
        await CloseAsync(client, B);
    }

    [Fact]
    public async Task A_POST_of_just_the_limit_passes()
    {
        var client = await WireClient.ConnectAsync(A.Url, B.Url);
        const string head = "42[\"echo\",\"", tail = "\"]";
        var body = head + new string('x', 1_000_000 - head.Length - tail.Length) + tail;
        Assert.Equal("ok", await WireClient.TextOf(await client.PostAsync(body, B.Url)));
        Assert.Equal(body, await client.PollForAsync("42[\"echo\"", C.Url));
        await CloseAsync(client, B);
    }

    [Fact]
    public async Task A_GET_that_is_cut_at_the_gateway_ends_the_session_and_leaves_nothing_waiting() // E-47
    {
        var (client, id) = await ConnectAsync(A, B);
        using var cut = new CancellationTokenSource();
        var get = client.GetAsync(B.Url, cut.Token);
        await NodeProcess.UntilAsync(
            async () => (await B.StateAsync()).WaitingElsewhere == 1,
            "the GET to wait",
            TimeSpan.FromSeconds(10),
            Cluster.Explain
        );
        await cut.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => get);
        await A.SeenAnyAsync([$"{id} disconnect transport error"]);
        await NodeProcess.UntilAsync(
            async () => (await B.StateAsync()).WaitingElsewhere == 0,
            "nothing to wait",
            TimeSpan.FromSeconds(5),
            Cluster.Explain
        );
        await UnknownAsync(client);
    }

    [Fact]
    public async Task A_GET_that_is_cut_just_when_its_answer_comes_leaves_nothing()
    {
        for (var round = 0; round < 100; round++)
        {
            var client = await WireClient.ConnectAsync(A.Url, B.Url);
            using var cut = new CancellationTokenSource();
            await ParkedAsync(client, B, async get =>
            {
                var posting = client.PostAsync("42[\"echo\",1]", C.Url);
                if (round % 2 == 0)
                    await posting;
                await cut.CancelAsync();
                (await posting).Dispose();
                await Task.WhenAny(get);
            }, cut.Token);
            if (round % 10 != 9)
                continue;
            // One whose answer had left whole before the cut lives on, since nobody can tell; it can be closed like any other.
            (await client.PostAsync("1", C.Url)).Dispose();
            await UnknownAsync(client);
            await NodeProcess.UntilAsync(
                async () => (await B.StateAsync()).WaitingElsewhere == 0,
                "nothing to wait",
                TimeSpan.FromSeconds(5),
                Cluster.Explain
            );
        }
    }

    [Fact]
    public async Task A_POST_that_is_cut_at_the_gateway_ends_the_session()
    {
        var (client, id) = await ConnectAsync(A, B);
        var post = await SlowPost.BeginAsync(client.UrlOn(B.Url), 100, "42[\"");
        post.Dispose();
        await A.SeenAnyAsync([$"{id} disconnect transport error"]);
        await UnknownAsync(client);
        await NodeProcess.UntilAsync(
            async () => (await B.StateAsync()).WaitingElsewhere == 0,
            "nothing to wait",
            TimeSpan.FromSeconds(5),
            Cluster.Explain
        );
    }

    [Fact]
    public async Task A_POST_that_comes_slowly_is_taken_whole()
    {
        var client = await WireClient.ConnectAsync(A.Url, B.Url);
        const string body = "42[\"echo\",\"slowly\"]";
        using var post = await SlowPost.BeginAsync(client.UrlOn(B.Url), body.Length, body[..3]);
        foreach (var one in body[3..])
            await post.SendAsync(one.ToString());
        Assert.Equal(200, await post.AnswerAsync());
        Assert.Equal(body, await client.PollForAsync("42[\"echo\"", C.Url));
        await EchoAsync(client, B, C); // the next POST is no overlap
        await CloseAsync(client, B);
    }

    [Fact]
    public async Task A_POST_whose_handlers_are_slow_is_answered_all_the_same()
    {
        var client = await WireClient.ConnectAsync(A.Url, B.Url);
        // More events than may wait: reading rests until the handler is done, and with it the answer.
        var events = string.Join('\x1e', Enumerable.Range(0, 1_000).Select(static i => i == 0 ? "42[\"slow\",1500]" : "42[\"collect\",1]"));
        Assert.Equal("ok", await WireClient.TextOf(await client.PostAsync(events, B.Url)));
        var start = Stopwatch.GetTimestamp();
        Assert.Equal("ok", await WireClient.TextOf(await client.PostAsync(events.Replace("1500", "1", StringComparison.Ordinal), C.Url)));
        output.WriteLine($"The second POST was answered after {Stopwatch.GetElapsedTime(start).TotalMilliseconds:F0} ms.");
        await EchoAsync(client, B, C);
        await CloseAsync(client, B);
    }

    [Fact]
    public async Task A_WebSocket_may_come_byte_by_byte_through_the_gateway()
    {
        var client = await WireClient.ConnectAsync(A.Url, B.Url);
        using var webSocket = await RawWebSocket.UpgradeAsync(client, B.Url, byteByByte: true);
        await webSocket.SendAsync("42[\"echo\",\"byte by byte\",\"ž🙂\"]", byteByByte: true);
        Assert.Equal("42[\"echo\",\"byte by byte\",\"ž🙂\"]", await webSocket.ReadForAsync("42[\"echo\""));
        await WireClient.RefusedAsync(await client.GetAsync(C.Url), 3);
        await webSocket.SendAsync("1");
        Assert.Null(await webSocket.ReadAsync());
        await UnknownAsync(client);
    }

    [Fact]
    public async Task Volumes_pass_the_gateway_in_both_directions_at_once()
    {
        var client = await WireClient.ConnectAsync(A.Url, B.Url);
        using var webSocket = await RawWebSocket.UpgradeAsync(client, B.Url);
        var filler = new string('x', 4_000);
        var sending = Task.Run(async () =>
        {
            for (var i = 0; i < 1_000; i++)
                await webSocket.SendAsync($"42[\"echo\",{i},\"{filler}\"]");
        });
        for (var i = 0; i < 1_000; i++)
            Assert.Equal($"42[\"echo\",{i},\"{filler}\"]", await webSocket.ReadForAsync("42[\"echo\""));
        await sending;
        await webSocket.SendAsync("1");
        Assert.Null(await webSocket.ReadAsync());
    }

    [Fact]
    public async Task A_slow_reader_behind_the_gateway_costs_bounded_memory_and_is_closed()
    {
        var (client, id) = await ConnectAsync(A, B);
        using var webSocket = await RawWebSocket.UpgradeAsync(client, B.Url, receiveBuffer: 8 * 1024);
        await webSocket.SendAsync("42[\"echo\",1]");
        Assert.Equal("42[\"echo\",1]", await webSocket.ReadForAsync("42[\"echo\""));
        var before = await Task.WhenAll(A.StateAsync(collect: true), B.StateAsync(collect: true));

        await webSocket.SendAsync("42[\"flood\",100000,1000]"); // 100 MB for somebody who reads nothing
        await A.SeenAnyAsync([$"{id} disconnect transport error"]);
        var after = await Task.WhenAll(A.StateAsync(collect: true), B.StateAsync(collect: true));
        for (var i = 0; i < 2; i++)
            Assert.InRange(after[i].Bytes - before[i].Bytes, long.MinValue, 16L * 1024 * 1024);
        await NodeProcess.UntilAsync(
            async () => (await B.StateAsync()).Links == 0,
            "the link to end",
            TimeSpan.FromSeconds(10),
            Cluster.Explain
        );
        await UnknownAsync(client);
    }

    [Fact]
    public async Task A_slow_reader_that_reads_on_gets_everything_in_order()
    {
        var client = await WireClient.ConnectAsync(A.Url, B.Url);
        using var webSocket = await RawWebSocket.UpgradeAsync(client, B.Url);
        await webSocket.SendAsync("42[\"flood\",3000,1000]"); // 3 MB: below the outbound limit
        await webSocket.SendAsync("42[\"echo\",\"fence\"]");
        await NodeProcess.UntilAsync(
            async () => (await A.JournalAsync("flood")).Length == 0,
            "the node to answer",
            TimeSpan.FromSeconds(10),
            Cluster.Explain
        );
        for (var i = 0; i < 3_000; i++)
            Assert.StartsWith($"42[\"flood\",{i},", await webSocket.ReadForAsync("42[\"flood\""), StringComparison.Ordinal);
        Assert.Equal("42[\"echo\",\"fence\"]", await webSocket.ReadForAsync("42[\"echo\""));
        await webSocket.SendAsync("1");
        Assert.Null(await webSocket.ReadAsync());
    }

    [Fact]
    public async Task A_WebSocket_that_vanishes_before_during_or_after_the_probe_leaves_the_session_polling()
    {
        var client = await WireClient.ConnectAsync(A.Url, B.Url);
        for (var round = 0; round < 6; round++)
        {
            var webSocket = await RawWebSocket.OpenAsync(client.UrlOn(round % 2 == 0 ? B.Url : C.Url, "websocket"));
            Assert.Equal(HttpStatusCode.SwitchingProtocols, webSocket.Status);
            if (round >= 2)
                await webSocket.SendAsync("2probe");
            if (round >= 4)
                Assert.Equal("3probe", await webSocket.ReadAsync());
            if (round % 2 == 0)
                webSocket.Reset();
            else
                webSocket.Dispose();
            await EchoAsync(client, B, C);
        }
        using var last = await RawWebSocket.UpgradeAsync(client, C.Url);
        await last.SendAsync("42[\"echo\",\"in the end\"]");
        Assert.Equal("42[\"echo\",\"in the end\"]", await last.ReadForAsync("42[\"echo\""));
        last.Reset();
    }

    [Fact]
    public async Task Of_upgrades_at_several_nodes_at_once_one_wins_and_the_others_are_closed()
    {
        for (var round = 0; round < 5; round++)
        {
            var client = await WireClient.ConnectAsync(A.Url, B.Url);
            var tries = await Task.WhenAll(new[] { A, B, C, B }.Select(node => TryUpgradeAsync(client, node)));
            var winners = tries.Where(static socket => socket is not null).ToArray();
            Assert.Single(winners);
            await winners[0]!.SendAsync($"42[\"echo\",{round}]");
            Assert.Equal($"42[\"echo\",{round}]", await winners[0]!.ReadForAsync("42[\"echo\""));
            await winners[0]!.SendAsync("1");
            Assert.Null(await winners[0]!.ReadAsync());
            winners[0]!.Dispose();
        }

        // The winner's next message is answered; a loser gets a close, or nothing but the end.
        async Task<RawWebSocket?> TryUpgradeAsync(WireClient client, NodeProcess node)
        {
            var socket = await RawWebSocket.OpenAsync(client.UrlOn(node.Url, "websocket"));
            if (socket.Status != HttpStatusCode.SwitchingProtocols)
                return null;
            try
            {
                await socket.SendAsync("2probe");
                if (await socket.ReadAsync() != "3probe")
                    return null;
                await socket.SendAsync("5");
                await socket.SendAsync("42[\"echo\",\"won\"]");
                while (await socket.ReadAsync() is { } text)
                {
                    if (text == "42[\"echo\",\"won\"]")
                        return socket;
                }
                return null;
            }
            catch (IOException)
            {
                return null;
            }
        }
    }

    [Fact]
    public async Task A_close_that_meets_an_upgrade_ends_both()
    {
        // Where the close came in between and was lost, the heartbeat ends both: here it need not be waited for as long, nor once a round.
        await using var cluster = await TestCluster.StartAsync(
            3, "--ActorSocket:PingInterval=00:00:05", "--ActorSocket:PingTimeout=00:00:05");
        var (a, b, c) = (cluster.Nodes[0], cluster.Nodes[1], cluster.Nodes[2]);
        var ends = new List<Task>();
        for (var round = 0; round < 10; round++)
        {
            var client = await WireClient.ConnectAsync(a.Url, b.Url);
            var webSocket = await RawWebSocket.OpenAsync(client.UrlOn(b.Url, "websocket"));
            await webSocket.SendAsync("2probe");
            if (round % 2 == 0)
                Assert.Equal("3probe", await webSocket.ReadAsync());
            var closing = client.PostAsync("1", c.Url);
            await webSocket.SendAsync("5");
            using (var closed = await closing)
            {
                if (closed.StatusCode != HttpStatusCode.OK) // the upgrade was first, and a POST comes too late
                    await webSocket.SendAsync("1");
            }
            ends.Add(EndedAsync(client, webSocket));
        }
        await Task.WhenAll(ends);
        await cluster.EmptyAsync();
        await cluster.AssertQuietAsync();

        async Task EndedAsync(WireClient client, RawWebSocket webSocket)
        {
            using var until = webSocket;
            while (await webSocket.ReadAsync() is not null)
            {
            }
            await UnknownAsync(client, cluster);
        }
    }

    [Fact]
    public async Task Requests_that_meet_the_end_of_their_session_are_answered_at_once()
    {
        for (var round = 0; round < 20; round++)
        {
            var client = await WireClient.ConnectAsync(A.Url, B.Url);
            var start = Stopwatch.GetTimestamp();
            await Task.WhenAll(Enumerable.Range(0, 12).Select(async i =>
            {
                var node = i % 2 == 0 ? B.Url : C.Url;
                using var response = await (i % 3 == 0 ? client.GetAsync(node) : client.PostAsync(i % 3 == 1 ? "1" : "3", node));
            }));
            Assert.True(Stopwatch.GetElapsedTime(start) < TimeSpan.FromSeconds(5), $"round {round}: a request was left waiting");
            await UnknownAsync(client);
        }
    }

    private static string Changed(string sid, Index at)
    {
        var changed = sid.ToCharArray();
        changed[at] = changed[at] == 'A' ? 'B' : 'A';
        return new string(changed);
    }

    /// <summary>A client of <paramref name="home"/> and its socket's id.</summary>
    private static async Task<(WireClient Client, string Id)> ConnectAsync(NodeProcess home, NodeProcess elsewhere)
    {
        var client = await WireClient.OpenAsync(home.Url);
        Assert.Equal("ok", await WireClient.TextOf(await client.PostAsync("40", elsewhere.Url)));
        var text = await client.PollAsync(elsewhere.Url);
        return (client, System.Text.Json.JsonElement.Parse(text.Split('\x1e')[0].AsSpan(2)).GetProperty("sid").GetString()!);
    }

    private static async Task EchoAsync(WireClient client, NodeProcess to, NodeProcess from)
    {
        var number = Random.Shared.Next();
        Assert.Equal("ok", await WireClient.TextOf(await client.PostAsync($"42[\"echo\",{number}]", to.Url)));
        Assert.Equal($"42[\"echo\",{number}]", await client.PollForAsync("42[\"echo\"", from.Url));
    }

    private static async Task CloseAsync(WireClient client, NodeProcess node) =>
        Assert.Equal("ok", await WireClient.TextOf(await client.PostAsync("1", node.Url)));

    /// <summary>The session is gone, wherever one asks.</summary>
    private Task UnknownAsync(WireClient client) => UnknownAsync(client, Cluster);

    private static async Task UnknownAsync(WireClient client, TestCluster cluster)
    {
        foreach (var node in cluster.Nodes)
        {
            await NodeProcess.UntilAsync(
                async () =>
                {
                    using var response = await client.PostAsync("3", node.Url);
                    return response.StatusCode == HttpStatusCode.BadRequest
                        && (await response.Content.ReadAsStringAsync()).Contains("\"code\":1", StringComparison.Ordinal);
                },
                "the session to be unknown",
                TimeSpan.FromSeconds(5),
                cluster.Explain);
        }
    }

    /// <summary>Runs something while a GET of the client waits at a node.</summary>
    private async Task ParkedAsync(
        WireClient client,
        NodeProcess node,
        Func<Task<HttpResponseMessage>, Task> meanwhile,
        CancellationToken cut = default
    )
    {
        var get = client.GetAsync(node.Url, cut);
        await NodeProcess.UntilAsync(
            async () => (await node.StateAsync()).WaitingElsewhere > 0,
            "the GET to wait",
            TimeSpan.FromSeconds(10),
            Cluster.Explain
        );
        await meanwhile(get);
    }
}
