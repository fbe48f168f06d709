using System.Diagnostics;
using System.Text.Json;
using Akka.Actor;
using ActorSocket.Clustering;
using ActorSocket.ClientTests.Infrastructure;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Diagnostics.HealthChecks;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace ActorSocket.WireHost;

/// <summary>
/// A node of the clusters of ActorSocket.ClusterTests: default options, the handlers of the client tests, and below <c>/test</c> what a
/// test wants to know of the inside. It ends when its parent does.
/// </summary>
internal static class ClusterHost
{
    public static async Task<int> RunAsync(WebApplicationBuilder builder, string port)
    {
        TaskScheduler.UnobservedTaskException += static (_, e) =>
        {
            // Akka's transport leaves the writes of a connection that was lost unobserved; that is not ours.
            if (e.Exception.InnerException?.GetType().FullName?.StartsWith("DotNetty.", StringComparison.Ordinal) is not true)
                Console.WriteLine($"UNOBSERVED {e.Exception}");
        };
        builder
            .Logging.SetMinimumLevel(LogLevel.Warning)
            .AddFilter("ActorSocket", LogLevel.Information)
            .AddFilter("Microsoft.Extensions.Diagnostics.HealthChecks", LogLevel.None)
            .AddSimpleConsole(static console => console.TimestampFormat = "HH:mm:ss.fff ");
        builder.WebHost.UseUrls($"http://127.0.0.1:{port}");
        var server = builder.Services.AddActorSocket(TestHandlers.Configure).AddCluster();
        var store = builder.Configuration["store"];
        if (store is not null)
            server.AddPersistence(persistence => persistence.UseSqlite(store));
        else if (builder.Configuration["postgres"] is { } connection)
            server.AddPersistence(persistence => persistence.UsePostgreSql(connection));
        builder.Services.AddHealthChecks().AddActorSocket();
        var app = builder.Build();
        var io = app.MapActorSocket();
        var counters = io.MapEntities<Counter>("ticking");
        var duels = store is null ? null : Duel.Map(io);
        var keepers = builder.Configuration["postgres"] is null ? null : Keeper.Map(io);
        var journal = new Journal();
        TestHandlers.Map(io, journal.Add);
        SoakHandlers.Map(io);
        foreach (var ns in new[] { io, io.Of("/lobby") })
        {
            ns.OnConnection(socket => Handle(socket));
            ns.OnServerEvent("who", () => io.Server.Engine.Ids.NodeTag);
            ns.OnServerEvent("tell", (string room, int number) => ns.Local.To(room).Emit("told", io.Server.Engine.Ids.NodeTag, number));
            ns.OnServerEvent("mute", static (Ack ack) => { _ = ack; });
        }
        app.MapGet(
            "/ready",
            async (HealthCheckService health) =>
                (await health.CheckHealthAsync()).Status == HealthStatus.Healthy ? Results.Ok() : Results.StatusCode(503)
        );
        app.MapGet("/test/state", (bool? collect, Akka.Actor.ActorSystem system) => State(io, system, collect is true));
        app.MapGet("/test/journal", (string about) => journal.About(about));
        app.MapGet("/test/seen", async (string lines) => await journal.SeenAnyAsync(lines.Split('|')));
        app.MapPost("/test/replicate", () => ((ClusterAdapter)io.Server.Adapter).LeaveAsync(Akka.Actor.ActorRefs.Nobody, default));
        app.MapPost("/test/rooms", async (int count, string prefix) => await RoomLoad.OpenAsync(io, prefix, count));
        app.MapPost("/test/joins", async (int count, string prefix) => await RoomLoad.OpenOneByOneAsync(io, prefix, count));
        app.MapGet("/test/counters", static () => Counter.All);
        app.MapGet("/test/duel", async (string id) => await duels!.InvokeAsync<DuelStory>(id, "stories"));
        app.MapGet("/test/keepers", static () => Keeper.All);
        app.MapPost("/test/keeper", async (string id, int add) => await AnswerAsync(keepers!.InvokeAsync<KeeperReport>(id, "add", add)));
        app.MapPost("/test/keeper/save", async (string id) => await AnswerAsync(keepers!.InvokeAsync<KeeperReport>(id, "save")));
        app.MapGet("/test/ticks", static () => SoakHandlers.Ticks);
        app.MapPost("/test/counter", async (string id, int add) => await counters.InvokeAsync<CounterState>(id, "add", add));
        app.MapPost(
            "/test/ticking",
            async (int count, int hertz, int seconds) => await Counter.MeasureAsync(counters, count, hertz, seconds)
        );
        app.MapPost("/test/emit", async (string room, int count, int? bytes) => await RoomLoad.EmitAsync(io, room, count, bytes ?? 64));
        if (builder.Configuration.GetValue<bool>("ends-with-input"))
            new Thread(EndWithInput) { IsBackground = true }.Start();
        await app.StartAsync();
        Console.WriteLine($"listening on {app.Urls.First()}");
        await app.WaitForShutdownAsync();
        return Environment.ExitCode;
    }

    /// <summary>What an entity answers, or, as a conflict, the reason that a caller of it is told.</summary>
    private static async Task<IResult> AnswerAsync(Task<KeeperReport?> call)
    {
        try
        {
            return Results.Json(await call);
        }
        catch (Exception error) when (error is EntityCallException or TimeoutException)
        {
            return Results.Json($"{error.GetType().Name}: {error.Message}", statusCode: 409);
        }
    }

    private static void Handle(Socket socket)
    {
        var ns = socket.Namespace;
        socket.On("say", (string room, SocketArgument what) =>
        {
            ns.To(room).Emit("said", what);
            return true;
        });
        socket.On("say volatile", (string room, int count) =>
        {
            for (var i = 0; i < count; i++)
                ns.To(room).Volatile.Emit("tick", i);
            ns.To(room).Emit("ticked", count);
        });
        socket.On("say here", (string room, SocketArgument what) =>
        {
            ns.Local.To(room).Emit("said", what);
            return true;
        });
        socket.On("remember", (string key, JsonElement value) =>
        {
            socket.Data[key] = value;
            return true;
        });
        socket.On("facts", async (string[] rooms) => (await ns.In(rooms).FetchSocketsAsync()).Select(static other => new
        {
            other.Id,
            other.Data,
            Rooms = other.Rooms.Order(StringComparer.Ordinal).ToArray(),
            other.Handshake.Auth,
            other.Handshake.Query,
            Address = other.Handshake.Address.ToString(),
        }).ToArray());
        socket.On("ask room", async (string room, int milliseconds, string question) =>
        {
            try
            {
                var members = ns.To(room).Timeout(TimeSpan.FromMilliseconds(milliseconds));
                return new { TimedOut = false, Answers = (await members.EmitWithAckAsync<string>("question", question)).ToArray() };
            }
            catch (AckTimeoutException e)
            {
                return new { TimedOut = true, Answers = e.Responses.Select(static response => response[0].As<string>()).ToArray() };
            }
        });
        socket.On("who is there", async () => await ns.ServerSide.EmitWithAckAsync<string>("who"));
        socket.On("who is mute", async (int milliseconds) =>
        {
            try
            {
                var others = ns.ServerSide.Timeout(TimeSpan.FromMilliseconds(milliseconds));
                return $"{(await others.EmitWithAckAsync<string>("mute")).Count} answers";
            }
            catch (TimeoutException e)
            {
                return e.GetType().Name;
            }
        });
        socket.On("tell all", (string room, int number) =>
        {
            ns.ServerSide.Emit("tell", room, number);
            return true;
        });
        socket.On("flood", (int count, int size) =>
        {
            var filler = new string('x', size);
            for (var i = 0; i < count && socket.Connected; i++)
                socket.Emit("flood", i, filler);
        });
        socket.On("slow", async (int milliseconds) =>
        {
            await Task.Delay(milliseconds); // as slow as the client asks for
            return milliseconds;
        });
    }

    private static object State(ActorSocketServer io, ActorSystem system, bool collect)
    {
        if (collect)
        {
            GC.Collect();
            GC.WaitForPendingFinalizers();
        }
        var cluster = (io.Server.Adapter as ClusterAdapter);
        return new
        {
            Tag = io.Server.Engine.Ids.NodeTag,
            Sessions = io.ConnectionCount,
            Sockets = io.Sockets.Count,
            Peers = cluster?.Peers.All.Select(static peer => peer.Tag).ToArray() ?? [],
            Unsynchronised = cluster?.Peers.Unsynchronised.Length ?? 0,
            Links = cluster?.Peers.All.Sum(static peer => peer.Links.Count) ?? 0,
            WaitingElsewhere = cluster?.Gateway.Waiting ?? 0,
            AnswersOnTheirWay = cluster?.Home.AnswersOnTheirWay ?? 0,
            RoomsElsewhere = cluster?.Peers.RoomCount ?? 0,
            Bytes = GC.GetTotalMemory(collect),
            WorkingSet = Environment.WorkingSet,
            ProcessorMilliseconds = Environment.CpuUsage.TotalTime.TotalMilliseconds,
            Threads = Process.GetCurrentProcess().Threads.Count,
            Descriptors = Directory.GetFiles("/proc/self/fd").Length,
            Actors = Below(((ExtendedActorSystem)system).Guardian),
        };
    }

    private static int Below(IActorRef actor) => actor is ActorRefWithCell cell ? cell.Children.Sum(static child => 1 + Below(child)) : 0;

    /// <summary>Whoever started this holds the other end: when it dies, however it dies, this does.</summary>
    private static void EndWithInput()
    {
        while (Console.In.ReadLine() is not null)
        {
        }
        Environment.Exit(3);
    }
}
