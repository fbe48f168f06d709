using System.ComponentModel.DataAnnotations;
using System.Diagnostics;
using System.Net.WebSockets;
using System.Text;
using System.Threading.RateLimiting;
using ActorSocket.AdminUi;
using ActorSocket.Protocol.SocketIo;
using Microsoft.AspNetCore.Authorization;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace ActorSocket.Benchmarks;

/// <summary>
/// What each feature costs an event and an emit of a server that uses it, beside one that uses none: <c>-- features</c>. In process, from
/// the packet that has been read to the end of its handler, and from the emit to the bytes that wait to be written. Bytes allocated are
/// exact on any machine; times are the fastest of many rounds.
/// </summary>
internal static class Features
{
    private const int Passes = 3;
    private const int Rounds = 30;
    private const int Events = 20_000;
    private const int Emits = 500;

    private static readonly Feature[] All =
    [
        new("nothing"),
        new("tracing, and a listener that wants everything", Use: static _ => Listen()),
        new("an event rate limiter: a token bucket for each socket", static io => io.UseEventRateLimiter(static limits =>
            limits.AddGlobalLimiter(static e => RateLimitPartition.GetTokenBucketLimiter(EventPartition.OfSocket(e), static _ => new()
            {
                TokenLimit = int.MaxValue, TokensPerPeriod = 1, ReplenishmentPeriod = TimeSpan.FromHours(1),
            })))),
        new("a listener (OnAny)", static io => io.OnConnection(static socket => { socket.OnAny(static _ => { }); })),
        new("middleware of the socket (Use)", static io => io.OnConnection(static socket => { socket.Use(static (_, next) => next()); })),
        new("an event filter (UseEventFilter)", static io => io.UseEventFilter<PassingFilter>()),
        new("an argument: a record of two members", Event: "order", Arguments: """[{"item":"tea","count":2}]"""),
        new("the same, checked (ValidateArguments)", Options: static options => options.ValidateArguments = true, Event: "order",
            Arguments: """[{"item":"tea","count":2}]"""),
        new("a hub's method", static io => io.MapHub<Hub>(), Event: "plain"),
        new("a hub's method with [Authorize]", static io => io.MapHub<Hub>(), Event: "guarded"),
        new("recovery", Options: static options => options.ConnectionStateRecovery = new RecoveryOptions()),
        new("the Admin UI, nobody looks", AdminMode: AdminUiMode.Development),
        new("the Admin UI in production, somebody looks", AdminMode: AdminUiMode.Production, IsLookedAt: true),
        new("the Admin UI in development, somebody looks", AdminMode: AdminUiMode.Development, IsLookedAt: true),
    ];

    public static async Task<int> RunAsync()
    {
        Console.WriteLine("| in use | an event, ns | bytes | an emit, ns | bytes |");
        Console.WriteLine("|---|---|---|---|---|");
        var costs = new (Cost Handled, Cost Emitted)[All.Length];
        Array.Fill(costs, (Cost.None, Cost.None));
        for (var pass = 0; pass < Passes; pass++) // what comes first is compiled the least
        {
            for (var i = 0; i < All.Length; i++)
            {
                var (handled, emitted) = await MeasureAsync(All[i]);
                costs[i] = (costs[i].Handled.Least(handled), costs[i].Emitted.Least(emitted));
            }
        }
        foreach (var (feature, (handled, emitted)) in All.Zip(costs))
            Console.WriteLine($"| {feature.Name} | {handled.Ns:F0} | {handled.Bytes} | {emitted.Ns:F0} | {emitted.Bytes} |");
        return 0;
    }

    private static async Task<(Cost Handled, Cost Emitted)> MeasureAsync(Feature feature)
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.WebHost.UseUrls("http://127.0.0.1:0");
        builder.Logging.ClearProviders();
        builder.Services.AddAuthorization(static options =>
            options.AddPolicy("all", static policy => policy.RequireAssertion(static _ => true)));
        var added = builder.Services.AddActorSocket(feature.Options);
        if (feature.AdminMode is { } mode)
            added.AddAdminUi(options => (options.AllowAnonymous, options.Mode) = (true, mode));
        await using var app = builder.Build();
        var io = app.MapActorSocket();
        var came = new TaskCompletionSource<Socket>(TaskCreationOptions.RunContinuationsAsynchronously);
        io.OnConnection(static socket =>
        {
            socket.On("tick", static () => { });
            socket.On("order", static (Order order) => { _ = order; });
        });
        feature.Map?.Invoke(io);
        io.OnConnection(socket => { came.TrySetResult(socket); });
        await app.StartAsync();
        var url = new Uri(app.Urls.First().Replace("http", "ws", StringComparison.Ordinal) + "/socket.io/?EIO=4&transport=websocket");
        using var client = await Reader.ConnectAsync(url, "40");
        using var administrator = feature.IsLookedAt ? await Reader.ConnectAsync(url, "40/admin,") : null;
        var socket = await came.Task;
        while (feature is { IsLookedAt: true, AdminMode: AdminUiMode.Development } && io.Server.Observer is null)
            await Task.Delay(10);

        using var use = feature.Use?.Invoke(io);
        var arguments = io.Server.Json.FromJsonArray(Encoding.UTF8.GetBytes(feature.Arguments));
        var packet = new SocketIoPacket(SocketIoPacketType.Event, "/", -1, feature.Event, arguments, feature.Arguments.Length);
        var handled = Fastest(Events, () => socket.RaiseEventAsync(packet).AsTask().GetAwaiter().GetResult());
        var emitted = Cost.None;
        for (var round = 0; round < Rounds; round++)
        {
            var before = client.Frames;
            emitted = emitted.Least(Once(Emits, () => socket.Emit("tick", 1)));
            while (client.Frames < before + Emits)
                await Task.Yield();
        }
        await app.StopAsync();
        return (handled, emitted);
    }

    private static Cost Fastest(int times, Action action)
    {
        var least = Cost.None;
        for (var round = 0; round < Rounds; round++)
            least = least.Least(Once(times, action));
        return least;
    }

    /// <summary>On this thread: what it allocates is counted for it.</summary>
    private static Cost Once(int times, Action action)
    {
        var (bytes, begun) = (GC.GetAllocatedBytesForCurrentThread(), Stopwatch.GetTimestamp());
        for (var i = 0; i < times; i++)
            action();
        var took = Stopwatch.GetElapsedTime(begun).TotalNanoseconds / times;
        return new Cost(took, (GC.GetAllocatedBytesForCurrentThread() - bytes) / times);
    }

    private static ActivityListener Listen()
    {
        var listener = new ActivityListener
        {
            ShouldListenTo = static source => source.Name == "ActorSocket",
            Sample = static (ref ActivityCreationOptions<ActivityContext> _) => ActivitySamplingResult.AllDataAndRecorded,
        };
        ActivitySource.AddActivityListener(listener);
        return listener;
    }

    private sealed record Feature(
        string Name,
        Action<ActorSocketServer>? Map = null,
        Action<ActorSocketOptions>? Options = null,
        Func<ActorSocketServer, IDisposable>? Use = null,
        string Event = "tick",
        string Arguments = "[]",
        AdminUiMode? AdminMode = null,
        bool IsLookedAt = false
    );

    private sealed record Cost(double Ns, long Bytes)
    {
        public static readonly Cost None = new(double.MaxValue, long.MaxValue);

        public Cost Least(Cost other) => new(Math.Min(Ns, other.Ns), Math.Min(Bytes, other.Bytes));
    }

    /// <summary>A client that reads and says nothing but what it must.</summary>
    private sealed class Reader : IDisposable
    {
        private readonly ClientWebSocket _webSocket = new();
        private int _frames;

        public int Frames => Volatile.Read(ref _frames);

        public static async Task<Reader> ConnectAsync(Uri url, string connect)
        {
            var reader = new Reader();
            await reader._webSocket.ConnectAsync(url, CancellationToken.None);
            await reader._webSocket.SendAsync(Encoding.UTF8.GetBytes(connect), WebSocketMessageType.Text, true, CancellationToken.None);
            _ = reader.ReadAsync();
            return reader;
        }

        public void Dispose() => _webSocket.Dispose();

        private async Task ReadAsync()
        {
            var buffer = new byte[65_536];
            try
            {
                while (true)
                {
                    var read = await _webSocket.ReceiveAsync(buffer, CancellationToken.None);
                    if (read.MessageType == WebSocketMessageType.Close)
                        return;
                    if (read.EndOfMessage && buffer.AsSpan(0, read.Count).StartsWith("42"u8))
                        Interlocked.Increment(ref _frames);
                    else if (buffer.AsSpan(0, read.Count).SequenceEqual("2"u8))
                        await _webSocket.SendAsync("3"u8.ToArray(), WebSocketMessageType.Text, true, CancellationToken.None);
                }
            }
            catch (WebSocketException)
            {
                // The server has stopped.
            }
        }
    }

    internal sealed record Order([property: Required] string Item, [property: Range(1, 99)] int Count);

    internal sealed class PassingFilter : IEventFilter
    {
        public Task InvokeAsync(SocketEvent e, Func<Task> next) => next();
    }

    internal sealed class Hub : SocketHub
    {
        [Event("plain")]
        public static void Plain()
        {
        }

        [Event("guarded")]
        [Authorize("all")]
        public static void Guarded()
        {
        }
    }
}
