#pragma warning disable CA1822, MA0038, CA1812, MA0009, S1144, MA0134 // what a guide shows is written for its reader
using System.Security.Claims;
using System.Text.Json;
using Akka.Actor;
using Akka.Hosting;
using Akka.Streams;
using Akka.Streams.Dsl;
using Microsoft.AspNetCore.Authorization;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Cors.Infrastructure;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;

namespace ActorSocket.Tests.Docs;

/// <summary>The code of docs/guide: each region is a block there, to the letter (<see cref="GuideTests"/>).</summary>
internal static class Snippets
{
    public static async Task GettingStarted(string[] args)
    {
        #region getting-started
        var builder = WebApplication.CreateBuilder(args);
        builder.Services.AddActorSocket();

        var app = builder.Build();
        var io = app.MapActorSocket(); // /socket.io

        io.OnConnection(socket =>
        {
            socket.On("chat", (string text) => io.Emit("chat", socket.Id, text));
            socket.OnDisconnect(reason => Console.WriteLine($"{socket.Id} left: {reason}"));
        });

        await app.RunAsync();
        #endregion
    }

    public static async Task EngineIo(string[] args)
    {
        #region engine-io
        var builder = WebApplication.CreateBuilder(args);
        builder.Services.AddEngineIo(options => options.PingInterval = TimeSpan.FromSeconds(25));

        var app = builder.Build();
        app.MapEngineIo("/engine.io", connection =>
        {
            connection.Send("hello");
            connection.OnMessage(message =>
            {
                if (message.IsBinary)
                    connection.Send(message.Data.Span);
                else
                    connection.Send(message.Text!);
            });
            connection.OnClose(reason => Console.WriteLine($"left: {reason}"));
        });

        await app.RunAsync();
        #endregion
    }

    public static void Cors(IServiceCollection services)
    {
        #region cors
        services.AddActorSocket(options => options.Cors = new CorsPolicyBuilder("https://game.example").AllowCredentials().Build());
        #endregion
    }

    public static void Mapping(WebApplication app)
    {
        #region mapping
        var api = app.MapGroup("/api").MapActorSocket();                    // /api/socket.io/; in the client: io({ path: "/api/socket.io" })
        api.OnConnection(socket => socket.Emit("hello"));

        var tenants = app.MapActorSocket("/{tenant}/socket.io", "tenants"); // a server of its own name, added with AddActorSocket(name: "tenants")
        tenants.OnConnection(socket => socket.JoinAsync("tenant:" + socket.Handshake.RouteValues["tenant"]).AsTask());
        #endregion
    }

    public static void OwnActorSystem(IServiceCollection services)
    {
        #region own-actor-system
        services.AddAkka("game", akka => akka.WithActorSocket());
        services.AddActorSocket();
        #endregion
    }

    public static void Rooms(ActorSocketServer io)
    {
        #region rooms
        io.OnConnection(socket =>
        {
            socket.On("enter", async (string room) =>
            {
                await socket.JoinAsync(room);                     // from here on, what is sent to the room reaches this socket
                socket.To(room).Emit("entered", socket.Id);       // the others
            });
            socket.On("say", (string room, string text) => io.To(room).Emit("said", text)); // everyone in it, the sender too
            socket.On("leave", async (string room) => await socket.LeaveAsync(room));
        });
        #endregion
    }

    public static async Task Broadcasts(ActorSocketServer io, Socket socket, string userId)
    {
        #region broadcasts
        io.Emit("news");                                          // everyone in the namespace /
        socket.Broadcast.Emit("news");                            // everyone but this socket
        io.To("red", "blue").Except("spectators").Emit("news");   // a union, less some; each socket once
        io.To("red").Volatile.Emit("position", 3, 4);             // dropped for who is not ready for it
        io.To($"user:{userId}").Emit("mail");                     // all devices of a user, if each joins that room

        foreach (var one in await io.In("red").FetchSocketsAsync())
            Console.WriteLine($"{one.Id} is in {string.Join(", ", one.Rooms)}");
        await io.In("red").SocketsJoinAsync("blue");
        await io.In("blue").DisconnectSocketsAsync();
        #endregion
    }

    public static void Acks(Socket socket)
    {
        #region acks
        socket.On("roll", (int sides) => Random.Shared.Next(sides) + 1);        // what a handler returns is the acknowledgement
        socket.On("load", async (string name) => await File.ReadAllTextAsync(name));
        socket.On("upload", (byte[] data, Ack ack) =>                           // or it answers when, and with what, it likes
        {
            if (data.Length > 1_000_000)
                ack.Send(new { error = "too big" });
            else
                ack.Send(new { stored = data.Length });
        });
        #endregion
    }

    public static async Task Asking(ActorSocketServer io, Socket socket)
    {
        #region asking
        try
        {
            var ready = await socket.Timeout(TimeSpan.FromSeconds(5)).EmitWithAckAsync<bool>("ready?");
            Console.WriteLine(ready ? "ready" : "not ready");
        }
        catch (AckTimeoutException)
        {
            Console.WriteLine("no answer");
        }
        catch (SocketDisconnectedException gone)
        {
            Console.WriteLine($"gone: {gone.Reason}");
        }

        try
        {
            var answers = await io.To("red").Timeout(TimeSpan.FromSeconds(5)).EmitWithAckAsync<bool>("ready?");
            Console.WriteLine($"{answers.Count(ready => ready)} are ready");
        }
        catch (AckTimeoutException some)
        {
            Console.WriteLine($"only {some.Responses.Count} answered, {some.Missing} did not");
        }
        #endregion
    }

    public static void Idempotency(Socket socket, Func<Order, Task<int>> place)
    {
        #region idempotency
        // In the client: io({ retries: 3, ackTimeout: 5000 }), and a key with each order: socket.emit("order", { key: crypto.randomUUID(), … })
        socket.On("order", (Order order) => place(order), new HandlerOptions { IdempotencyKey = arguments => arguments[0].As<Order>()!.Key });
        #endregion
    }

    public static void Namespaces(ActorSocketServer io)
    {
        #region namespaces
        io.Of("/chat").OnConnection(socket => socket.Emit("welcome"));

        io.OfDynamic(new System.Text.RegularExpressions.Regex(@"^/match-\d+$")).OnConnection(socket =>
            Console.WriteLine($"somebody came to {socket.Namespace.Name}"));
        #endregion
    }

    public static void Authentication(ActorSocketServer io, Func<string?, Task<ClaimsPrincipal?>> readToken)
    {
        #region auth-payload
        // In the client: io("/chat", { auth: { token } })
        io.Of("/chat").Use(async (socket, next) =>
        {
            var token = socket.Handshake.Auth.TryGetProperty("token", out var given) ? given.GetString() : null;
            socket.Data["user"] = await readToken(token) ?? throw new ConnectErrorException("not authorized", new { code = "TOKEN" });
            await next();
        });
        #endregion
    }

    public static void Authorization(ActorSocketServer io)
    {
        #region authorization
        io.RequireAuthorization();                         // the endpoint: every handshake, poll and upgrade (cookies, bearer headers)
        io.Of("/admin").RequireAuthorization("admins");    // one namespace, by a policy
        #endregion
    }

    public static void Recovery(IServiceCollection services, ActorSocketServer io)
    {
        #region recovery
        services.AddActorSocket(options => options.ConnectionStateRecovery = new RecoveryOptions
        {
            MaxDisconnectionDuration = TimeSpan.FromMinutes(2),
            SkipMiddlewares = true,
        });

        io.OnConnection(async socket =>
        {
            if (!socket.Recovered)
                await socket.JoinAsync("lobby");           // a recovered socket is in its rooms already
        });
        #endregion
    }

    public static void Parser(IServiceCollection services)
    {
        #region parser
        services.AddActorSocket(options => options.Parser = SocketIoParser.MessagePack);
        #endregion
    }

    public static void MapHub(ActorSocketServer io, IServiceCollection services)
    {
        #region map-hub
        services.AddScoped<ChatHistory>();
        io.Of("/chat").UseEventFilter<Timing>().MapHub<ChatHub>();
        #endregion
    }

    public static void Forward(ActorSocketServer io, ActorSystem system)
    {
        #region forward
        io.Of("/game").OnConnection(socket => socket.ForwardTo(system.ActorOf(Props.Create<Player>())));
        #endregion
    }

    public static void Cluster(IServiceCollection services)
    {
        #region cluster
        services.AddActorSocket().AddCluster(cluster =>
        {
            cluster.Port = 8101;
            cluster.Hostname = "10.0.0.1";                 // a private address: whoever reaches this port is trusted as a node
            cluster.SeedNodes.Add("10.0.0.1:8101");        // the same list on every node
            cluster.SeedNodes.Add("10.0.0.2:8101");
        });
        #endregion
    }

    public static void OwnCluster(IServiceCollection services)
    {
        #region own-cluster
        services.AddAkka("game", akka => akka
            .WithActorSocket()
            .WithActorSocketCluster(new ActorSocketClusterOptions { Port = 8101, SeedNodes = { "10.0.0.1:8101" } }, "game"));
        services.AddActorSocket().AddCluster();
        #endregion
    }

    public static void EntityUse(ActorSocketServer io)
    {
        #region entity-use
        var arenas = io.MapEntities<Arena>("arena");
        io.OnConnection(socket =>
        {
            string? arena = null;
            socket.On("enter", async (string id) =>
            {
                arena = id;
                await socket.JoinAsync("arena:" + id);
                return await arenas.InvokeAsync<Dictionary<string, Position>>(id, "enter", socket.Id);
            });
            socket.On("steer", (double x, double y) =>
            {
                if (arena is not null)
                    arenas.Send(arena, "steer", socket.Id, x, y);
            });
            socket.OnDisconnect(_ =>
            {
                if (arena is not null)
                    arenas.Send(arena, "leave", socket.Id);
            });
        });
        #endregion
    }

    public static void EntityLimits(ActorSocketServer io)
    {
        #region entity-limits
        var matches = io.MapEntities<Arena>("match", match =>
        {
            match.MaxEntities = 5_000;
            match.IdleTimeout = TimeSpan.FromHours(2);
        });
        #endregion
        _ = matches;
    }

    public static void StreamsIn(ActorSocketServer io, ActorSystem system, Func<IEnumerable<Position>, Task<int>> store)
    {
        #region streams-in
        io.OnConnection(socket =>
        {
            // In pieces of 100 or every second to a slow store. While it lags, the client is held up: its events wait in the network, not in memory.
            socket.EventSource("position")
                .Select(e => e.Arguments[0].As<Position>()!)
                .GroupedWithin(100, TimeSpan.FromSeconds(1))
                .SelectAsync(1, positions => store(positions))
                .RunWith(Sink.Ignore<int>(), system);
        });
        #endregion
    }

    public static void StreamsOut(ActorSocketServer io, Socket socket, ActorSystem system, Func<World> world)
    {
        #region streams-out
        socket.On("download", (string name) =>
        {
            // Eight pieces of 64 KB are under way: the client acknowledges each with ack().
            FileIO.FromFile(new FileInfo(name), chunkSize: 65_536)
                .Select(piece => piece.ToArray())
                .RunWith(socket.Timeout(TimeSpan.FromSeconds(30)).AckedSink<byte[]>("piece", inFlight: 8), system);
        });

        // 20 times a second to whoever is ready.
        Source.Tick(TimeSpan.Zero, TimeSpan.FromMilliseconds(50), "tick")
            .Select(_ => world())
            .RunWith(io.To("game").Volatile.EventSink<World>("world"), system);
        #endregion
    }

    #region hub
    public interface IChatClient
    {
        void Said(string from, string text);               // emits "said"
    }

    [Authorize]
    public sealed class ChatHub(ChatHistory history) : SocketHub
    {
        public override async Task OnConnectedAsync() => await Socket.JoinAsync("everyone");

        [Event("say")]
        public int Say(string text)                        // what it returns is the acknowledgement
        {
            Socket.Namespace.To("everyone").As<IChatClient>().Said(Socket.User.Identity!.Name!, text);
            return history.Add(text);
        }

        [Event("post"), Idempotent(nameof(key))]           // sent twice with one key, handled once
        public int Post(Guid key, string text) => history.Add($"{text} ({key})");

        [Event("clear"), Authorize("admins")]
        public void Clear() => history.Clear();
    }
    #endregion

    #region filter
    public sealed class Timing : IEventFilter
    {
        public async Task InvokeAsync(SocketEvent e, Func<Task> next)
        {
            var started = TimeProvider.System.GetTimestamp();
            await next();
            Console.WriteLine($"{e.Name} took {TimeProvider.System.GetElapsedTime(started)}");
        }
    }
    #endregion

    #region actor
    public sealed class Player : ReceiveActor
    {
        public Player()
        {
            Receive<SocketMessages.Connected>(m => m.Socket.Actor.Tell(new SocketMessages.Join("arena")));
            Receive<SocketMessages.Done>(_ => Sender.Tell(new SocketMessages.Emit("joined", ["arena"])));
            Receive<SocketMessages.Event>(m =>
            {
                if (m.Name == "move")
                    Sender.Tell(new SocketMessages.Broadcast(["arena"], "moved", [m.Arguments[0].As<int>()]));
                m.Ack?.Send("ok");
            });
            Receive<SocketMessages.Disconnected>(_ => Context.Stop(Self));
        }
    }
    #endregion

    #region from-anywhere
    public sealed class Clock(ActorSocketServer io) : BackgroundService
    {
        protected override async Task ExecuteAsync(CancellationToken stoppingToken)
        {
            using var timer = new PeriodicTimer(TimeSpan.FromSeconds(1));
            while (await timer.WaitForNextTickAsync(stoppingToken))
                io.Volatile.Emit("time", DateTimeOffset.UtcNow);
        }
    }
    #endregion

    #region entity
    public sealed record Position(double X, double Y);

    public sealed class Arena : RoomEntity
    {
        private readonly Dictionary<string, Position> _players = [];
        private readonly Dictionary<string, Position> _speeds = [];

        public override TimeSpan TickInterval => TimeSpan.FromSeconds(1.0 / 30);

        public override Task OnStartedAsync(EntityStart start)
        {
            // It has moved here. When it is new, or lost with its node: from a database, or from nothing.
            foreach (var (player, position) in start.GetState<Dictionary<string, Position>>() ?? [])
                _players[player] = position;
            return Task.CompletedTask;
        }

        [Event("enter")]
        public Dictionary<string, Position> Enter(string player)
        {
            _players[player] = new Position(0, 0);
            return _players;
        }

        [Event("steer")]
        public void Steer(string player, double x, double y) => _speeds[player] = new Position(x, y);

        [Event("leave")]
        public void Leave(string player)
        {
            _players.Remove(player);
            _speeds.Remove(player);
            if (_players.Count == 0)
                Retire();                                   // ends it; the next call starts a new one
        }

        public override Task OnTickAsync(TimeSpan elapsed)
        {
            var seconds = elapsed.TotalSeconds; // more than a thirtieth when a tick was left out
            foreach (var (player, speed) in _speeds)
            {
                if (_players.TryGetValue(player, out var at))
                    _players[player] = new Position(at.X + (speed.X * seconds), at.Y + (speed.Y * seconds));
            }
            Namespace.To("arena:" + Id).Volatile.Emit("positions", _players); // to all nodes; a slow client gets the next ones
            return Task.CompletedTask;
        }

        public override object? HandOver() => _players;     // what the one on the next node starts from
    }
    #endregion

    public sealed record World(int Tick);

    public sealed record Order(string Key, string Item);

    public sealed class ChatHistory
    {
        private readonly List<string> _lines = [];

        public int Add(string line)
        {
            _lines.Add(line);
            return _lines.Count;
        }

        public void Clear() => _lines.Clear();
    }
}
