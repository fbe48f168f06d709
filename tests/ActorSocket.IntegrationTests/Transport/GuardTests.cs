using System.Diagnostics.Metrics;
using ActorSocket.EventLoops;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Connections;
using Microsoft.Extensions.DependencyInjection;

namespace ActorSocket.IntegrationTests.Transport;

/// <summary>
/// What blocks or computes on an event loop loses it to another thread. There is one loop only, and what a handler waits for is something
/// that only another connection of it brings: without the guard each of these would wait for ever.
/// </summary>
public sealed class GuardTests : IDisposable
{
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(30);

    private readonly ManualResetEventSlim _gate = new();
    private volatile bool _isOpen;

    public void Dispose() => _gate.Dispose();

    [Fact]
    public async Task A_handler_may_wait_for_another_client_of_its_loop()
    {
        await using var host = await StartAsync();
        using var waits = await JoinAsync(host);
        using var opens = await JoinAsync(host);
        await AsleepAsync(host); // the watcher, which the turn has to wake
        await waits.SendAsync("421[\"wait\"]");
        await opens.SendAsync("422[\"open\"]");
        Assert.Equal("432[]", await opens.ReadTextAsync());
        Assert.Equal("431[true]", await waits.ReadTextAsync());
    }

    [Fact]
    public async Task A_warning_names_the_handler_and_the_handler_starts_aside_the_next_time()
    {
        await using var host = await StartAsync();
        using var metrics = new LoopMeter(host);
        using var opens = await JoinAsync(host);
        // On a slow machine the loop may be lost before the handler has begun, or the handler run on the pool, where its actor was woken by
        // somebody else. So a few times.
        for (var i = 0; i < 20 && !IsTold(); i++)
        {
            _gate.Reset();
            using var waits = await JoinAsync(host);
            await waits.SendAsync("421[\"wait\"]");
            await Task.Delay(10); // so long it is slow
            await opens.SendAsync("422[\"open\"]");
            Assert.Equal("432[]", await opens.ReadTextAsync());
            Assert.Equal("431[true]", await waits.ReadTextAsync());
        }
        Assert.True(metrics["actorsocket.loop.aside_turns"] > 0);
        Assert.True(IsTold());

        bool IsTold() => host.Log.Lines.Any(static line =>
            line.Text.StartsWith("The handler of \"wait\" in /", StringComparison.Ordinal));
    }

    [Fact]
    public async Task A_computation_loses_the_loop_too()
    {
        await using var host = await StartAsync();
        using var computes = await JoinAsync(host);
        using var opens = await JoinAsync(host);
        await computes.SendAsync("421[\"compute\"]");
        await opens.SendAsync("422[\"open\"]");
        Assert.Equal("431[true]", await computes.ReadTextAsync());
    }

    [Fact]
    public async Task A_request_may_wait_for_another_request()
    {
        await using var host = await StartAsync();
        using var client = new HttpClient { BaseAddress = host.Http1 };
        Assert.Equal("hello", await client.GetStringAsync(new Uri("/hello", UriKind.Relative)));
        var waiting = client.GetStringAsync(new Uri("/wait", UriKind.Relative));
        using var other = await JoinAsync(host);
        await other.SendAsync("422[\"open\"]");
        Assert.Equal("true", await waiting.WaitAsync(Limit));
    }

    [Fact]
    public async Task A_handler_may_call_its_own_server_and_block_for_the_answer()
    {
        await using var host = await StartAsync();
        using var client = await JoinAsync(host);
        for (var i = 0; i < 5; i++)
        {
            await client.SendAsync($"42{i}[\"get\",\"{new Uri(host.Http1, "/hello")}\"]");
            Assert.Equal($"43{i}[\"hello\"]", await client.ReadTextAsync());
        }
    }

    [Fact]
    public async Task However_often_a_loop_is_taken_the_events_of_each_socket_keep_their_order()
    {
        const int Clients = 12, Events = 40;
        await using var host = await StartAsync();
        using var metrics = new LoopMeter(host);
        using var ticker = await JoinAsync(host);
        var clients = await Task.WhenAll(Enumerable.Range(0, Clients).Select(_ => JoinAsync(host)));
        var over = false;
        var ticking = TickAsync();
        await Task.WhenAll(clients.Select(static async (client, number) =>
        {
            var isPatient = number % 2 == 0; // the others send all at once, which comes in few turns
            if (!isPatient)
                await client.SendBytesAsync((byte[])[.. Enumerable.Range(0, Events).SelectMany(static i => LoopClient.Text(Event(i)))]);
            for (var i = 0; i < Events; i++)
            {
                if (isPatient)
                    await client.SendAsync(Event(i));
                Assert.Equal($"43{i}[true,{i}]", await client.ReadTextAsync());
            }
        }));
        over = true;
        await ticking;
        Assert.True(metrics["actorsocket.loop.takeovers"] >= Events / 4, $"{metrics["actorsocket.loop.takeovers"]} takeovers");

        async Task TickAsync()
        {
            for (var i = 0; !Volatile.Read(ref over); i++)
            {
                await ticker.SendAsync($"42{i}[\"tick\"]");
                Assert.Equal($"43{i}[]", await ticker.ReadTextAsync());
            }
        }

        static string Event(int i) => $"42{i}[\"for a tick {i}\",{i}]"; // each by a name of its own: unknown to the guard
    }

    [Fact]
    public async Task There_are_no_more_threads_than_there_may_be()
    {
        await using var host = await StartAsync(static options => options.MaxThreads = 3);
        using var metrics = new LoopMeter(host);
        var clients = await Task.WhenAll(Enumerable.Range(0, 6).Select(_ => JoinAsync(host)));
        for (var i = 0; i < clients.Length; i++)
            await clients[i].SendAsync($"421[\"wait {i}\"]");
        await metrics.SawAsync("actorsocket.loop.takeovers", 2); // two are lost, the third has to wait
        _gate.Set();
        foreach (var client in clients)
            Assert.Equal("431[true]", await client.ReadTextAsync());
        Assert.InRange(metrics.Threads, 1, 3);
    }

    [Fact]
    public async Task Nothing_ambient_goes_from_one_turn_to_the_next()
    {
        var ambient = new AsyncLocal<string?>();
        await using var host = await StartAsync(map: io => io.OnConnection(socket => socket.On("ambient", (string text) =>
        {
            var before = ambient.Value;
            ambient.Value = text;
            SynchronizationContext.SetSynchronizationContext(new SynchronizationContext());
            return $"{Thread.CurrentThread.Name}: {before}";
        })));
        using var client = await JoinAsync(host);
        var onLoop = 0;
        for (var i = 0; onLoop < 10 && i < 1000; i++)
        {
            await client.SendAsync("421[\"ambient\",\"mine\"]");
            var answer = await client.ReadTextAsync();
            Assert.DoesNotContain("mine", answer, StringComparison.Ordinal);
            onLoop += answer == "431[\"ActorSocket loop: \"]" ? 1 : 0; // it may find its socket busy, and runs on the pool then
        }
        Assert.Equal(10, onLoop);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task A_host_ends_though_a_handler_blocks(bool isRequest)
    {
        var host = await StartAsync();
        using var client = await JoinAsync(host);
        using var http = new HttpClient { BaseAddress = host.Http1 };
        Task? request = null;
        if (isRequest)
            request = http.GetStringAsync(new Uri("/wait", UriKind.Relative));
        else
            await client.SendAsync("421[\"wait\"]");
        await _waits.Task.WaitAsync(Limit);
        await host.DisposeAsync().AsTask().WaitAsync(Limit);
        _gate.Set();
        if (request is not null)
            await Assert.ThrowsAnyAsync<Exception>(() => request);
    }

    private readonly TaskCompletionSource _waits = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly Lock _ticking = new();
    private long _ticks;

    private Task<LoopHost> StartAsync(Action<ActorSocketTransportOptions>? transport = null, Action<ActorSocketServer>? map = null) =>
        LoopHost.StartAsync(
            app =>
            {
                app.MapGet("/wait", Wait);
                var io = app.MapActorSocket();
                io.OnConnection(socket =>
                {
                    socket.On("wait", Wait);
                    for (var i = 0; i < 6; i++)
                        socket.On($"wait {i}", Wait);
                    socket.On("compute", () =>
                    {
                        while (!_isOpen)
                            Thread.SpinWait(100);
                        return true;
                    });
                    socket.On("get", static (string url) =>
                    {
                        using var http = new HttpClient();
#pragma warning disable xUnit1031 // blocking is the point
                        return http.GetStringAsync(new Uri(url)).Result;
#pragma warning restore xUnit1031
                    });
                    socket.On("open", (Ack ack) =>
                    {
                        _gate.Set();
                        _isOpen = true;
                        ack.Send();
                    });
                    socket.On("tick", (Ack ack) =>
                    {
                        Interlocked.Increment(ref _ticks);
                        ack.Send();
                    });
                    for (var i = 0; i < 40; i++)
                        socket.On($"for a tick {i}", (int number, Ack ack) => ack.Send(ForTick(), number));
                });
                map?.Invoke(io);
            },
            services: static services => services.AddActorSocket(static options => options.DrainTimeout = TimeSpan.FromSeconds(1)),
            transport: options =>
            {
                options.LoopCount = 1;
                transport?.Invoke(options);
            }
        );

    /// <summary>With an actor that has nothing to do: what wakes it next is a read of the loop.</summary>
    private static async Task<LoopClient> JoinAsync(LoopHost host)
    {
        var client = await LoopClient.JoinAsync(host.Http1);
        for (var i = 0; i < 3; i++)
        {
            await client.SendAsync($"42{i}[\"tick\"]");
            Assert.Equal($"43{i}[]", await client.ReadTextAsync());
        }
        return client;
    }

    private bool Wait()
    {
        _waits.TrySetResult();
        return _gate.Wait(Limit);
    }

    /// <summary>Until another connection's event has been handled since.</summary>
    private bool ForTick()
    {
        var before = Interlocked.Read(ref _ticks);
        return SpinWait.SpinUntil(() => Interlocked.Read(ref _ticks) > before, Limit);
    }

    private static async Task AsleepAsync(LoopHost host)
    {
        var guard = host.Services.GetServices<IConnectionListenerFactory>().OfType<LoopListenerFactory>().Single().Guard!;
        while (!guard.IsAsleep)
            await Task.Yield();
    }

    /// <summary>What the loops of a host count.</summary>
    private sealed class LoopMeter : IDisposable
    {
        private readonly MeterListener _listener = new();
        private readonly Dictionary<string, long> _counts = [];
        private readonly List<(string Name, long Count, TaskCompletionSource Saw)> _waiting = [];
        private int _threads;

        public LoopMeter(LoopHost host)
        {
            var meters = host.Services.GetRequiredService<IMeterFactory>();
            _listener.InstrumentPublished = (instrument, listener) =>
            {
                var isOfLoops = instrument.Name.StartsWith("actorsocket.loop.", StringComparison.Ordinal);
                if (isOfLoops && ReferenceEquals(instrument.Meter.Scope, meters))
                    listener.EnableMeasurementEvents(instrument);
            };
            _listener.SetMeasurementEventCallback<int>((_, value, _, _) => _threads = value);
            _listener.SetMeasurementEventCallback<long>((instrument, change, _, _) =>
            {
                lock (_counts)
                {
                    var now = _counts[instrument.Name] = _counts.GetValueOrDefault(instrument.Name) + change;
                    foreach (var (name, count, saw) in _waiting)
                    {
                        if (name == instrument.Name && now >= count)
                            saw.TrySetResult();
                    }
                }
            });
            _listener.Start();
        }

        public long this[string name]
        {
            get
            {
                lock (_counts)
                    return _counts.GetValueOrDefault(name);
            }
        }

        public int Threads
        {
            get
            {
                _listener.RecordObservableInstruments();
                return _threads;
            }
        }

        public Task SawAsync(string name, long count)
        {
            var saw = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
            lock (_counts)
            {
                _waiting.Add((name, count, saw));
                if (_counts.GetValueOrDefault(name) >= count)
                    saw.SetResult();
            }
            return saw.Task.WaitAsync(Limit);
        }

        public void Dispose() => _listener.Dispose();
    }
}
