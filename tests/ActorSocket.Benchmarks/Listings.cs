using System.Text.Json;
using ActorSocket.Clustering;
using ActorSocket.Listings;
using ActorSocket.Recovery;
using static ActorSocket.Clustering.ClusterProtocol;

namespace ActorSocket.Benchmarks;

/// <summary>
/// What it costs a node to know 100 000 listed rooms, in processor time: <c>-- listings [--rooms N]</c>. Without the entities, which cost
/// what they cost; a second node is what it is told.
/// </summary>
internal static class Listings
{
    private static readonly string[] Modes = ["ctf", "race", "duel", "free for all", "team"];

    public static int Run(string[] args)
    {
        var rooms = args is ["--rooms", var text] ? int.Parse(text) : 100_000;
        var sample = ListingOf(0);
        Console.WriteLine($"{rooms} rooms with ids of 32 characters and listings of {sample.Data.Length} bytes.");
        Console.WriteLine("| what | |");
        Console.WriteLine("|---|---|");
        Once(Math.Min(1000, rooms), isQuiet: true);
        Once(rooms, isQuiet: false);
        return 0;
    }

    private static void Once(int count, bool isQuiet)
    {
        var ids = Enumerable.Range(0, count).Select(static i => $"{i:x32}").ToArray();
        var (here, there) = (new ListingTables(), new ListingTables());
        var begun = Cpu();
        for (var i = 0; i < count; i++)
            here.Publish("game", ids[i], ListingOf(i));
        Say("a room is listed here", Each(begun));

        var (here2, there2) = (new Remote("here"), new Remote("there"));
        var (toThere, toHere) = (new Queue<Packed>(), new Queue<Packed>());
        var epoch = 0L;
        var tells = new ListingExchange(here, there2, () => ++epoch, toThere.Enqueue);
        var takes = new ListingExchange(there, here2, () => ++epoch, toHere.Enqueue);
        var (messages, bytes) = (0, 0L);
        var before = Heap();
        begun = Cpu();
        tells.Begin();
        takes.Begin();
        Exchange();
        Say("a node joins and is told of all: both sides", $"{(Cpu() - begun).TotalMilliseconds:0} ms, {bytes / 1024.0 / 1024:0.0} MB, "
            + $"{messages} messages");
        var table = there.Of("game");
        Say("memory of a room of another node, id and JSON included", $"{(Heap() - before) / (double)count:0} bytes");

        before = Heap();
        begun = Cpu();
        var open = Query();
        Say("the first query of all: read from JSON", $"{(Cpu() - begun).TotalMilliseconds:0.0} ms");
        Say("… and memory of what was read", $"{(Heap() - before) / (double)count:0} bytes");
        begun = Cpu();
        for (var i = 0; i < 10; i++)
            open += Query();
        Say("a query of all by mode and free seats, in order, 20 of them", $"{(Cpu() - begun).TotalMilliseconds / 10:0.0} ms");
        begun = Cpu();
        for (var i = 0; i < 1000; i++)
            open += Rooms().Where(static room => room.Listing.Mode == "ctf" && room.Free > 0).Take(20).Count();
        Say("the first 20 that fit, of a fifth that does", $"{(Cpu() - begun).TotalMicroseconds / 1000:0} µs");
        before = Heap();
        begun = Cpu();
        using (var index = new ListingIndex<string, Info>(
            table, static (id, listing) => (true, KeyOf(listing.As<Info>(id, Json)))))
        {
            open += index.Of("ctf map 0").Count;
            Say("an index by mode and map: made", $"{(Cpu() - begun).TotalMilliseconds:0} ms, "
                + $"{(Heap() - before) / (double)count:0} bytes a room");
            begun = Cpu();
            for (var i = 0; i < 100; i++)
                open += index.Of("ctf map 0").Count(static one => one.Value.As<Info>(one.Key, Json).Free > 0);
            Say($"… a query by it: {index.Of("ctf map 0").Count} rooms that are looked at",
                $"{(Cpu() - begun).TotalMicroseconds / 100:0} µs");
        }
        begun = Cpu();
        for (var i = 0; i < count; i++)
            open += table.Find(ids[i])!.Seats;
        Say("Find", Each(begun));

        (messages, bytes) = (0, 0);
        begun = Cpu();
        for (var i = 0; i < count; i++)
            here.Publish("game", ids[i], ListingOf(i + 1));
        foreach (var id in ids)
            tells.Mark("game", id);
        Exchange();
        Say("every room changes: here, its way, there", Each(begun) + $" each, {bytes / (double)count:0} bytes in {messages} messages");

        var told = 0;
        var all = new ManualResetEventSlim();
        begun = Cpu();
        using var subscription = new ListingSubscription<Info>(table, static (id, listing) => listing.As<Info>(id, Json), changes =>
        {
            if (Interlocked.Add(ref told, changes.Count) == count)
                all.Set();
            return Task.CompletedTask;
        });
        subscription.Begin();
        all.Wait();
        Say("a subscriber gets the whole", $"{(Cpu() - begun).TotalMilliseconds:0} ms");
        begun = Cpu();
        there.NodeGone(here2, TimeProvider.System);
        Say("a node with all rooms crashes", $"{(Cpu() - begun).TotalMilliseconds:0} ms");
        if (table.Count != 0 || open == 0)
            throw new InvalidOperationException($"{table.Count} rooms are left.");
        GC.KeepAlive(here);

        IEnumerable<ListedRoom<Info>> Rooms() => table.All.Select(static one => one.Value.As<Info>(one.Key, Json));

        int Query() => Rooms().Where(static room => room.Listing.Mode == "ctf" && room.Free > 0)
            .OrderByDescending(static room => room.Listing.Level).Take(20).Count();

        void Exchange()
        {
            while (toThere.Count > 0 || toHere.Count > 0)
            {
                while (toThere.TryDequeue(out var message))
                    Pass(message, takes);
                while (toHere.TryDequeue(out var message))
                    Pass(message, tells);
            }
        }

        void Pass(Packed message, ListingExchange to)
        {
            messages++;
            bytes += message.Bytes.Length;
            if (message.Unpack() is ListingChanges changes)
                to.OnChanges(changes);
            else if (message.Unpack() is ListingChangesReply reply)
                to.OnReply(reply);
        }

        string Each(TimeSpan since) => $"{(Cpu() - since).TotalNanoseconds / count:0} ns";

        void Say(string what, string figure)
        {
            if (!isQuiet)
                Console.WriteLine($"| {what} | {figure} |");
        }
    }

    private static readonly JsonSerializerOptions Json = JsonSerializerOptions.Web;

    private static string KeyOf(ListedRoom<Info> room) => $"{room.Listing.Mode} {room.Listing.Map}";

    private static ListedEntity ListingOf(int i) => new(
        generation: 1,
        revision: i,
        JsonSerializer.SerializeToUtf8Bytes(new Info(Modes[i % 5], $"map {i % 50}", $"The game of player {i}", i % 100), Json),
        seats: i % 9,
        capacity: 8,
        isLocked: false
    );

    /// <summary>Of this process: other programs may use the machine meanwhile.</summary>
    private static TimeSpan Cpu() => Environment.CpuUsage.TotalTime;

    private static long Heap() => GC.GetTotalMemory(forceFullCollection: true);

    private sealed record Info(string Mode, string Map, string Name, int Level);

    private sealed class Remote(string tag) : IRemoteNode
    {
        public string Tag => tag;
    }
}
