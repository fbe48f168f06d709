using System.Collections.Concurrent;
using System.Text.Json;
using System.Text.RegularExpressions;
using Microsoft.Extensions.DependencyInjection;

namespace ActorSocket.IntegrationTests.Infrastructure;

/// <summary>Entities with seats on the nodes of one test, and what they were told.</summary>
internal sealed class Seating
{
    private readonly ConcurrentDictionary<Node, RoomEntities<Game>> _entities = new();
    private readonly ConcurrentDictionary<string, ConcurrentQueue<string>> _stories = new(StringComparer.Ordinal);
    private readonly ConcurrentDictionary<string, string> _homes = new(StringComparer.Ordinal);

    /// <summary>A file of SQLite, where the entities keep their states in one.</summary>
    public string? StorePath { get; init; }

    /// <summary>Refuses a seat of this name in <see cref="RoomEntity.OnJoinedAsync"/>.</summary>
    public string? Unwanted { get; set; }

    /// <summary>What "run" does, in the entity's turn.</summary>
    public Func<Seats, Task> Script { get; set; } = static _ => Task.CompletedTask;

    /// <summary>Called with each line of a story, and the seats as the entity finds them then.</summary>
    public Action<string, Seats> Noted { get; set; } = static (_, _) => { };

    /// <summary>Whether the class is mapped on the template of dynamic namespaces.</summary>
    public bool IsOfTemplate { get; init; }

    /// <summary>The ids of those that have ended on their node.</summary>
    public ConcurrentQueue<string> Ended { get; } = [];

    /// <summary>One node without a cluster.</summary>
    public Task<Node> StartAloneAsync(Action<EntityOptions>? configure = null) =>
        StartAsync(static cluster => cluster.Port = null, configure, null);

    public Task<Node> StartAsync(Node? seed = null) => StartAsync(
        cluster =>
        {
            cluster.StableAfter = TimeSpan.FromSeconds(2);
            if (seed is not null)
                cluster.SeedNodes.Add(seed.Seed);
        },
        null,
        "akka.coordinated-shutdown.run-by-actor-system-terminate = off, akka.cluster.sharding.rebalance-interval = 1s");

    private async Task<Node> StartAsync(
        Action<ActorSocketClusterOptions> cluster, Action<EntityOptions>? configure, string? hocon)
    {
        RoomEntities<Game> entities = null!;
        var node = await Node.StartAsync(
            cluster,
            io =>
            {
                io.OnConnection(static _ => { });
                var ns = IsOfTemplate
                    ? io.OfDynamic(new Regex("^/games$", RegexOptions.ExplicitCapture, TimeSpan.FromSeconds(1)))
                    : io.Of("/");
                entities = ns.MapEntities<Game>("game", configure);
            },
            services =>
            {
                services.AddSingleton(this);
                services.AddActorSocket().AddPersistence(store =>
                {
                    if (StorePath is null)
                        store.UseMemory();
                    else
                        store.UseSqlite(StorePath);
                });
            },
            static options => options.ConnectionStateRecovery = new RecoveryOptions(),
            hocon);
        _entities[node] = entities;
        return node;
    }

    public RoomEntities<Game> Of(Node node) => _entities[node];

    /// <summary>"joined 1", "lost 1", "returned 1", "left 1 Kicked" …</summary>
    public string[] StoryOf(string id) => [.. _stories.GetValueOrDefault(id, [])];

    public Task UntilAsync(string id, params string[] story) => Node.UntilAsync(
        () => StoryOf(id).Length >= story.Length,
        $"{string.Join(", ", story)}; so far: {string.Join(", ", StoryOf(id))}"
    ).ContinueWith(
        waited =>
        {
            waited.GetAwaiter().GetResult();
            Assert.Equal(story, StoryOf(id));
        },
        TaskScheduler.Default);

    public string HomeOf(string id) => _homes[id];

    /// <summary>An id of an entity that lives on the first of the two.</summary>
    public async Task<string> OneOnAsync(Node node, Node other)
    {
        for (var number = 0; ; number++)
        {
            var id = "game " + number;
            await Of(other).InvokeAsync<string[]>(id, "members");
            if (HomeOf(id) == node.Server.NodeTag)
                return id;
        }
    }

    /// <summary>Takes a seat, and gives its token.</summary>
    public async Task<string> TakeAsync(Node node, string id, PollingClient client, string name = "") =>
        (await Of(node).InvokeAsync<string>(id, "take", SocketIdOf(client), name))!;

    public Task ReturnAsync(Node node, string id, string token, PollingClient client) =>
        Of(node).InvokeAsync(id, "return", token, SocketIdOf(client));

    public static string SocketIdOf(PollingClient client) => client.Connected.GetProperty("sid").GetString()!;

    /// <summary>What a client comes back with, once it has been told something.</summary>
    public static async Task<string> ClaimOfAsync(PollingClient client)
    {
        var said = JsonElement.Parse((await client.NextAsync())[2..]);
        return JsonSerializer.Serialize(
            new { pid = client.Connected.GetProperty("pid").GetString(), offset = said[said.GetArrayLength() - 1].GetString() }
        );
    }

    public static async Task<string?> CodeOfAsync(Task call) =>
        (await Assert.ThrowsAsync<EntityCallException>(() => call)).InnerException is EventException refusal ? refusal.Code : null;

    public sealed class GameState
    {
        public int Joined { get; set; }
    }

    internal sealed class Game(ActorSocketServer io, Seating seating) : RoomEntity<GameState>, IDisposable
    {
        public override Task OnStartedAsync(EntityStart start)
        {
            seating._homes[Id] = io.NodeTag;
            if (start.Origin == EntityOrigin.New)
                Seats.GraceTime = TimeSpan.FromMinutes(5);
            return Task.CompletedTask;
        }

        public void Dispose() => seating.Ended.Enqueue(Id);

        public override Task OnJoinedAsync(Seat seat)
        {
            if (seat.Name.Length > 0 && seat.Name == seating.Unwanted)
                throw new EventException("Not you.") { Code = "UNWANTED" };
            State.Joined++;
            Namespace.To(Seats.Room).Emit("joined", seat.Number, seat.Name);
            return NoteAsync($"joined {seat.Number}");
        }

        public override Task OnLostAsync(Seat seat) => NoteAsync($"lost {seat.Number}");

        public override Task OnReturnedAsync(Seat seat) => NoteAsync($"returned {seat.Number}");

        public override Task OnLeftAsync(Seat seat, SeatLeaveReason reason) => NoteAsync($"left {seat.Number} {reason}");

        [Event("take")]
        public async Task<string> TakeAsync(string socketId, string name) => (await Seats.TakeAsync(socketId, name)).Token;

        [Event("return")]
        public Task ReturnAsync(string token, string socketId) => Seats.ReturnAsync(token, socketId);

        [Event("reserve")]
        public string Reserve(int milliseconds, string name)
        {
            Seats.ReservationTime = TimeSpan.FromMilliseconds(milliseconds);
            return Seats.Reserve(name).Token;
        }

        [Event("kick")]
        public Task KickAsync(int number, bool disconnect) =>
            Seats.KickAsync(Seats.First(seat => seat.Number == number), disconnect ? DisconnectScope.Namespace : null);

        [Event("leave")]
        public Task<bool> LeaveAsync(string socketId) => Seats.LeaveAsync(socketId);

        [Event("set")]
        public void Set(int capacity, bool isLocked, int graceMilliseconds)
        {
            Seats.Capacity = capacity;
            Seats.IsLocked = isLocked;
            Seats.GraceTime = TimeSpan.FromMilliseconds(graceMilliseconds);
            foreach (var seat in Seats)
                seat.GraceTime = Seats.GraceTime;
        }

        [Event("members")]
        public string[] Members() => [.. Seats.Select(static seat => seat.ToString())];

        [Event("run")]
        public Task RunAsync() => seating.Script(Seats);

        [Event("room")]
        public string Room() => Seats.Room;

        [Event("joined")]
        public int Joined() => State.Joined;

        [Event("save")]
        public Task Save() => SaveAsync();

        [Event("retire")]
        public void End() => Retire();

        private Task NoteAsync(string what)
        {
            seating._stories.GetOrAdd(Id, static _ => new ConcurrentQueue<string>()).Enqueue(what);
            seating.Noted(what, Seats);
            return Task.CompletedTask;
        }
    }
}
