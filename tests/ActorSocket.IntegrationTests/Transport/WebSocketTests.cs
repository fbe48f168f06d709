using System.Diagnostics.Metrics;
using System.Net.Sockets;
using Microsoft.AspNetCore.Builder;
using Microsoft.Extensions.DependencyInjection;

namespace ActorSocket.IntegrationTests.Transport;

/// <summary>WebSockets that a loop feeds from its own buffer, without Kestrel.</summary>
public sealed class WebSocketTests
{
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(30);

    [Fact]
    public async Task Kestrel_lets_go_of_a_connection_that_has_become_a_WebSocket()
    {
        await using var host = await StartAsync();
        using var connections = new UpDownCount(host, "kestrel.active_connections");
        using var client = await LoopClient.JoinAsync(host.Http1);
        await connections.Gone.WaitAsync(Limit);
        await client.SendAsync("421[\"echo\",\"still here\"]");
        Assert.Equal("431[\"still here\"]", await client.ReadTextAsync());
    }

    [Theory]
    [InlineData(1)]
    [InlineData(7)]
    [InlineData(4096)]
    public async Task However_its_bytes_are_cut_every_event_comes_in_its_order(int piece)
    {
        await using var host = await StartAsync();
        using var client = await LoopClient.JoinAsync(host.Http1);
        var random = new Random(piece);
        var texts = Enumerable.Range(0, piece == 1 ? 20 : 200).Select(i => $"{i} {new string('x', random.Next(piece * 3))}").ToArray();
        byte[] all = [.. texts.SelectMany((text, i) => LoopClient.Text($"42{i}[\"echo\",\"{text}\"]"))];
        var sending = SendAsync();
        for (var i = 0; i < texts.Length; i++)
            Assert.Equal($"43{i}[\"{texts[i]}\"]", await client.ReadTextAsync());
        await sending;

        async Task SendAsync()
        {
            for (var at = 0; at < all.Length; at += piece)
                await client.SendBytesAsync(all.AsMemory(at, Math.Min(piece, all.Length - at)));
        }
    }

    [Fact]
    public async Task Long_messages_go_both_ways_however_little_the_client_takes_at_once()
    {
        await using var host = await StartAsync();
        using var client = await LoopClient.JoinAsync(host.Http1, receiveBuffer: 4096);
        var text = new string('y', 900_000);
        for (var i = 0; i < 3; i++)
        {
            await client.SendAsync($"42{i}[\"echo\",\"{text}\"]");
            Assert.Equal($"43{i}[\"{text}\"]", await client.ReadTextAsync());
        }
    }

    [Fact]
    public async Task Answers_that_are_under_way_still_come_to_a_client_that_has_ended_its_side()
    {
        await using var host = await StartAsync();
        using var client = await LoopClient.JoinAsync(host.Http1, receiveBuffer: 4096);
        var text = new string('z', 100_000);
        for (var i = 0; i < 8; i++)
            await client.SendAsync($"42{i}[\"echo\",\"{text}\"]");
        Assert.Equal($"430[\"{text}\"]", await client.ReadTextAsync()); // the others were read too, or wait in the socket
        for (var i = 1; i < 8; i++)
        {
            if (i == 7)
                client.Tcp.Shutdown(SocketShutdown.Send);
            Assert.Equal($"43{i}[\"{text}\"]", await client.ReadTextAsync());
        }
        Assert.Null(await client.ReadTextAsync());
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task A_client_that_goes_without_a_word_ends_its_socket(bool resets)
    {
        var gone = new TaskCompletionSource<DisconnectReason>();
        await using var host = await StartAsync(io => io.OnConnection(socket => socket.OnDisconnect(reason => gone.SetResult(reason))));
        var client = await LoopClient.JoinAsync(host.Http1);
        if (resets)
            client.Reset();
        else
            client.Dispose();
        Assert.Equal(DisconnectReason.TransportClose, await gone.Task.WaitAsync(Limit));
    }

    [Fact]
    public async Task A_client_that_does_not_read_is_cut_when_its_limit_is_reached_and_reading_rests_while_handlers_lag()
    {
        var gone = new TaskCompletionSource<DisconnectReason>();
        var goOn = new TaskCompletionSource();
        await using var host = await StartAsync(
            io => io.OnConnection(socket =>
            {
                socket.OnDisconnect(reason => gone.SetResult(reason));
                socket.On("wait", async () => await goOn.Task);
                socket.On("flood", () => io.Emit("much", new string('m', 100_000)));
            }),
            options => options.MaxInboundEvents = 10
        );
        using var client = await LoopClient.JoinAsync(host.Http1, receiveBuffer: 4096);
        byte[] events = [.. Enumerable.Repeat(LoopClient.Text("42[\"wait\"]"), 100_000).SelectMany(static frame => frame)];
        var sending = client.SendBytesAsync(events);
        goOn.SetResult();
        await sending;
        for (var i = 0; i < 1000; i++)
            await client.SendAsync("42[\"flood\"]");
        Assert.Equal(DisconnectReason.TransportError, await gone.Task.WaitAsync(Limit));
    }

    [Fact]
    public async Task However_WebSockets_end_nothing_of_them_is_left()
    {
        var ended = 0;
        await using var host = await StartAsync(io => io.OnConnection(socket =>
        {
            socket.OnDisconnect(_ => Interlocked.Increment(ref ended));
            socket.On("end", () => socket.DisconnectAsync(DisconnectScope.Connection));
        }));
        using var sockets = new UpDownCount(host, "actorsocket.loop.direct_connections");
        using var last = await LoopClient.JoinAsync(host.Http1); // so that there are none only at the end
        await Parallel.ForAsync(0, 600, new ParallelOptions { MaxDegreeOfParallelism = 16 }, async (i, _) =>
        {
            using var client = await LoopClient.JoinAsync(host.Http1);
            switch (i % 6)
            {
                case 0: // gone
                    break;
                case 1: // reset
                    client.Reset();
                    break;
                case 2: // closed as WebSockets are
                    await client.SendBytesAsync(LoopClient.Frame(0x88, [0x03, 0xE8]));
                    Assert.Null(await client.ReadTextAsync());
                    break;
                case 3: // closed by the server, in the middle of what it sends
                    await client.SendBytesAsync((byte[])[.. LoopClient.Text("42[\"end\"]"), .. LoopClient.Text("42[\"echo\"]")[..7]]);
                    while (await client.ReadFrameAsync() is not null and not { Opcode: 8 })
                    {
                    }
                    break;
                case 4: // rubbish
                    await client.SendBytesAsync(LoopClient.Frame(0x83, []));
                    while (await client.ReceiveAsync())
                    {
                    }
                    break;
                default: // one direction, and what is under way still comes
                    await client.SendAsync("421[\"echo\",\"last\"]");
                    client.Tcp.Shutdown(SocketShutdown.Send);
                    while (await client.ReceiveAsync())
                    {
                    }
                    break;
            }
        });
        last.Dispose();
        await sockets.Gone.WaitAsync(Limit);
        while (Volatile.Read(ref ended) < 601) // the test's own limit is the run's
            await Task.Yield();
    }

    [Fact]
    public async Task A_host_that_stops_says_so_to_its_WebSockets()
    {
        await using var host = await StartAsync();
        var clients = await Task.WhenAll(Enumerable.Range(0, 50).Select(_ => LoopClient.JoinAsync(host.Http1)));
        var stop = host.StopAsync();
        foreach (var client in clients)
        {
            (int Opcode, byte[] Payload)? frame;
            do
                frame = await client.ReadFrameAsync();
            while (frame is { Opcode: not 8 });
            Assert.Equal([0x03, 0xE9], frame!.Value.Payload); // going away
            await client.SendBytesAsync(LoopClient.Frame(0x88, [0x03, 0xE9]));
            while (await client.ReceiveAsync()) // until the end of TCP
            {
            }
            client.Dispose();
        }
        await stop.WaitAsync(Limit);
    }

    private static Task<LoopHost> StartAsync(
        Action<ActorSocketServer>? map = null,
        Action<ActorSocketOptions>? options = null
    ) =>
        LoopHost.StartAsync(
            app =>
            {
                var io = app.MapActorSocket();
                io.OnConnection(static socket => socket.On("echo", static (SocketArguments payload, Ack ack) => ack.Send(payload)));
                map?.Invoke(io);
            },
            services: services => services.AddActorSocket(configure => options?.Invoke(configure))
        );

    /// <summary>Something that a host counts up and down.</summary>
    private sealed class UpDownCount : IDisposable
    {
        private readonly MeterListener _listener = new();
        private readonly TaskCompletionSource _gone = new(TaskCreationOptions.RunContinuationsAsynchronously);
        private long _count;

        public UpDownCount(LoopHost host, string name)
        {
            var meters = host.Services.GetRequiredService<IMeterFactory>();
            _listener.InstrumentPublished = (instrument, listener) =>
            {
                if (instrument.Name == name && ReferenceEquals(instrument.Meter.Scope, meters))
                    listener.EnableMeasurementEvents(instrument);
            };
            _listener.SetMeasurementEventCallback<long>((_, change, _, _) =>
            {
                if (Interlocked.Add(ref _count, change) == 0)
                    _gone.TrySetResult();
            });
            _listener.Start();
        }

        /// <summary>It came to 0 again.</summary>
        public Task Gone => _gone.Task;

        public void Dispose() => _listener.Dispose();
    }
}
