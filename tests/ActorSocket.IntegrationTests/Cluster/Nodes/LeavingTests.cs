using ActorSocket.Clustering;
using System.Diagnostics;
using System.Net;
using System.Net.WebSockets;
using System.Text;
using System.Text.Json;
using Akka.Actor;
using Akka.Remote;
using Akka.Remote.Transport;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Diagnostics.HealthChecks;

namespace ActorSocket.IntegrationTests.Cluster.Nodes;

/// <summary>A node leaves, or is made to: what its clients, those of other nodes, and its supervisor see.</summary>
public sealed class LeavingTests
{
    [Fact]
    public async Task Who_waits_here_for_another_nodes_session_is_sent_on_his_way_at_once()
    {
        await using var home = await Node.StartAsync();
        var handshakes = new Handshakes();
        await using var gateway = await Node.JoinAsync(home, services: services => services.AddSingleton<IStartupFilter>(handshakes));
        await Node.MeetAsync(home, gateway);
        using var http = new HttpClient();
        var poller = await OpenAsync(http, home);
        var upgraded = await OpenAsync(http, home);
        var poll = http.GetAsync(new Uri(gateway.Url, poller));
        using var webSocket = new ClientWebSocket();
        await webSocket.ConnectAsync(
            new Uri(
                gateway.Url.ToString().Replace("http:", "ws:", StringComparison.Ordinal).TrimEnd('/')
                    + upgraded.Replace("polling", "websocket", StringComparison.Ordinal)
            ),
            default
        );
        await handshakes.Ended.Task.WaitAsync(Node.Patience); // the relay outlives its request
        await SendAsync(webSocket, "2probe");
        Assert.Equal("3probe", await ReceiveAsync(webSocket));
        await SendAsync(webSocket, "5");
        await SendAsync(webSocket, "40");
        Assert.StartsWith("40{", await ReceiveAsync(webSocket), StringComparison.Ordinal);
        Assert.Equal(1, ((ClusterAdapter)gateway.Server.Server.Adapter).Gateway.WebSocketCount);
        Assert.False(poll.IsCompleted);

        var stop = gateway.StopAsync();

        using var answer = await poll.WaitAsync(Node.Patience);
        Assert.Equal("6", await answer.Content.ReadAsStringAsync()); // a noop: poll again
        Assert.True(answer.Headers.ConnectionClose);
        Assert.Null(await ReceiveAsync(webSocket));
        Assert.Equal(WebSocketCloseStatus.EndpointUnavailable, webSocket.CloseStatus); // 1001
        await stop.WaitAsync(TimeSpan.FromSeconds(20)); // Kestrel would wait for both for half a minute
        // The polling session lives, the other one ended with its WebSocket.
        Assert.Equal("ok", await (await http.PostAsync(new Uri(home.Url, poller), new StringContent("40"))).Content.ReadAsStringAsync());
        Assert.StartsWith("40{", await http.GetStringAsync(new Uri(home.Url, poller)), StringComparison.Ordinal);
        await Node.UntilAsync(() => home.Server.ConnectionCount == 1, "the session of the WebSocket to end");
        Assert.Equal(1, home.UpMembers);
    }

    [Fact]
    public async Task A_node_that_drains_is_not_ready_and_refuses_handshakes_and_then_leaves()
    {
        await using var other = await Node.StartAsync();
        await using var node = await Node.StartAsync(
            cluster => cluster.SeedNodes.Add(other.Seed),
            options: options => options.DrainPeriod = TimeSpan.FromSeconds(2)
        );
        await Node.MeetAsync(other, node);
        using var http = new HttpClient();
        Assert.Equal(HealthStatus.Healthy, await node.HealthAsync());
        var session = await OpenAsync(http, node);
        var second = await OpenAsync(http, node);
        Task<string>[] polls = [http.GetStringAsync(new Uri(node.Url, session)), http.GetStringAsync(new Uri(node.Url, second))];

        var stop = node.StopAsync();

        Assert.Equal(HealthStatus.Unhealthy, await node.HealthAsync());
        using var refused = await http.GetAsync(new Uri(node.Url, "/socket.io/?EIO=4&transport=polling"));
        Assert.Equal(HttpStatusCode.ServiceUnavailable, refused.StatusCode);
        Assert.False(Task.WhenAll(polls).IsCompleted); // they are closed over the period, not at once
        foreach (var poll in polls)
            Assert.EndsWith("1", await poll.WaitAsync(Node.Patience), StringComparison.Ordinal); // an Engine.IO close
        await stop.WaitAsync(Node.Patience);
        await Node.UntilAsync(() => other.UpMembers == 1 && other.Cluster.State.Unreachable.IsEmpty, "the node to have left");
        Assert.Contains(node.Log, static line => line == "Information: Draining: closing 2 connections.");
    }

    [Fact]
    public async Task A_node_that_is_downed_ends_its_process_with_exit_code_1()
    {
        await using var first = await Node.StartAsync();
        await using var second = await Node.JoinAsync(first);
        await Node.MeetAsync(first, second);
        try
        {
            first.Cluster.Down(second.Cluster.SelfAddress);
            await second.StoppedAsync().WaitAsync(Node.Patience);
            Assert.Equal(1, Environment.ExitCode);
            Assert.Contains(
                second.Log,
                static line => line.StartsWith("Critical: The actor system ended although the host goes on", StringComparison.Ordinal)
            );
            Assert.True(second.Server.Server.Engine.IsDraining);
        }
        finally
        {
            Environment.ExitCode = 0; // of this process
        }
    }

    [Fact]
    public async Task A_node_that_learns_that_a_member_has_downed_it_ends_and_whoever_else_says_so_is_not_believed()
    {
        await using var first = await Node.StartAsync();
        await using var second = await Node.JoinAsync(first);
        await Node.MeetAsync(first, second);
        var events = second.Services.GetRequiredService<ActorSystem>().EventStream;
        var own = second.Cluster.SelfAddress;
        events.Publish(new ThisActorSystemQuarantinedEvent(own, own.WithPort(1)));
        await ((ClusterAdapter)second.Server.Server.Adapter).AnnounceAsync("/", "after it").WaitAsync(Node.Patience);
        Assert.True(second.IsReady);
        try
        {
            events.Publish(new ThisActorSystemQuarantinedEvent(own, first.Cluster.SelfAddress));
            await Node.UntilAsync(() => !second.IsReady, "the node to be not ready");
            await second.StoppedAsync().WaitAsync(Node.Patience);
            Assert.Equal(1, Environment.ExitCode);
            Assert.Single(
                second.Log,
                static line =>
                    line.StartsWith("Critical: The node at ", StringComparison.Ordinal)
                    && line.Contains("has downed this one", StringComparison.Ordinal)
            );
            await Node.UntilAsync(() => first.UpMembers == 1 && first.IsReady, "the other one to go on");
        }
        finally
        {
            Environment.ExitCode = 0; // of this process
        }
    }

    [Fact]
    public async Task A_node_that_is_cut_off_from_most_is_not_ready_and_ends_while_the_others_go_on()
    {
        // Lets a test swallow what is sent. A seed of the options is one that no transport can reach: Akka says so millions of times.
        const string cuttable = """
            akka.remote.dot-netty.tcp.applied-adapters = ["trttl"]
            akka.loglevel = OFF
            """;
        var first = await Node.StartAsync(hocon: cuttable);
        await using var _ = first;
        async Task<Node> JoinAsync()
        {
            var node = await Node.StartAsync(static cluster => cluster.SeedNodes.Add("127.0.0.1:1"), hocon: cuttable);
            var asked = 0L;
            await Node.UntilAsync(
                () =>
                {
                    if (asked == 0 || Stopwatch.GetElapsedTime(asked) > TimeSpan.FromSeconds(15))
                    {
                        // whose protocol the adapter has changed, so that no option can name it
                        node.Cluster.JoinSeedNodes([first.Cluster.SelfAddress]);
                        asked = Stopwatch.GetTimestamp();
                    }
                    return node.UpMembers > 0;
                },
                "a node to join");
            return node;
        }
        await using var second = await JoinAsync();
        await using var third = await JoinAsync();
        await Node.MeetAsync(first, second, third);
        try
        {
            foreach (var other in (Node[])[first, second])
            {
                await CutAsync(third, other);
                await CutAsync(other, third);
            }
            await Node.UntilAsync(() => !third.IsReady, "the one to be not ready");
            Assert.Equal(HealthStatus.Unhealthy, await third.HealthAsync());
            Assert.True(first.IsReady && second.IsReady, "the two are ready");
            await third.StoppedAsync().WaitAsync(Node.Patience);
            Assert.Equal(1, Environment.ExitCode);
            await Node.UntilAsync(() => first.UpMembers == 2 && first.Cluster.State.Unreachable.IsEmpty, "the two to go on without it");
            Assert.True(first.IsReady && second.IsReady, "the two are ready still");
        }
        finally
        {
            Environment.ExitCode = 0; // of this process
        }

        static async Task CutAsync(Node from, Node to)
        {
            var transport = ((RemoteActorRefProvider)((ExtendedActorSystem)from.Cluster.System).Provider).Transport;
            Assert.True(
                await transport.ManagementCommand(
                    new SetThrottle(to.Cluster.SelfAddress, ThrottleTransportAdapter.Direction.Both, Blackhole.Instance)
                )
            );
        }
    }

    [Fact]
    public async Task A_node_is_not_ready_before_it_has_joined()
    {
        await using var alone = await Node.StartAsync(static cluster => cluster.SeedNodes.Add("127.0.0.1:1"));
        Assert.Equal(HealthStatus.Unhealthy, await alone.HealthAsync());
        using var http = new HttpClient();
        using var refused = await http.GetAsync(new Uri(alone.Url, "/socket.io/?EIO=4&transport=polling"));
        Assert.Equal(HttpStatusCode.ServiceUnavailable, refused.StatusCode);
    }

    [Fact]
    public async Task A_host_that_stops_too_soon_to_drain_says_so()
    {
        await using var node = await Node.StartAsync(options: static options => options.DrainPeriod = TimeSpan.FromMinutes(1));
        Assert.Contains(
            node.Log,
            static line =>
                line.StartsWith(
                    "Warning: The host stops after 00:00:30, but draining may take 00:01:00 and then 00:00:10",
                    StringComparison.Ordinal
                )
        );
    }

    private static async Task<string> OpenAsync(HttpClient http, Node node)
    {
        var open = await http.GetStringAsync(new Uri(node.Url, "/socket.io/?EIO=4&transport=polling"));
        return "/socket.io/?EIO=4&transport=polling&sid=" + JsonDocument.Parse(open[1..]).RootElement.GetProperty("sid").GetString();
    }

    /// <summary>Sees the end of a WebSocket's request.</summary>
    private sealed class Handshakes : IStartupFilter
    {
        public TaskCompletionSource Ended { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);

        public Action<IApplicationBuilder> Configure(Action<IApplicationBuilder> next) => app =>
        {
            app.Use(async (context, rest) =>
            {
                await rest();
                if (context.Response.StatusCode == (int)HttpStatusCode.SwitchingProtocols)
                    Ended.TrySetResult();
            });
            next(app);
        };
    }

    private static Task SendAsync(ClientWebSocket webSocket, string text) =>
        webSocket.SendAsync(Encoding.UTF8.GetBytes(text), WebSocketMessageType.Text, true, default);

    /// <summary>The next message; null when the WebSocket is closed or cut.</summary>
    private static async Task<string?> ReceiveAsync(ClientWebSocket webSocket)
    {
        var buffer = new byte[4096];
        while (true)
        {
            try
            {
                var received = await webSocket.ReceiveAsync(buffer, default).WaitAsync(Node.Patience);
                if (received.MessageType == WebSocketMessageType.Close)
                    return null;
                var text = Encoding.UTF8.GetString(buffer, 0, received.Count);
                if (text is not ("2" or "6" or "1"))
                    return text;
            }
            catch (WebSocketException)
            {
                return null;
            }
        }
    }
}
