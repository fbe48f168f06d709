using ActorSocket.Clustering;
using ActorSocket.Presence;
using ActorSocket.Recovery;
using static ActorSocket.Clustering.ClusterProtocol;

namespace ActorSocket.Benchmarks;

/// <summary>
/// What it costs a node to know 100 000 users, in processor time: <c>-- presence [--users N]</c>. Without connections, which cost what they
/// cost; a second node is what it would tell.
/// </summary>
internal static class Presence
{
    private const int Devices = 2; // of each user, one on either node

    public static int Run(string[] args)
    {
        var users = args is ["--users", var text] ? int.Parse(text) : 100_000;
        var ids = Enumerable.Range(0, users).Select(static i => $"auth0|{i:x24}").ToArray();
        Console.WriteLine($"{users} users with ids of {ids[0].Length} characters, {Devices} devices each, on two nodes.");
        Console.WriteLine("| what | |");
        Console.WriteLine("|---|---|");
        Once(ids[..Math.Min(1000, users)], isQuiet: true);
        Once(ids, isQuiet: false);
        return 0;
    }

    private static void Once(string[] ids, bool isQuiet)
    {
        var own = new OwnRooms<int>(TimeProvider.System, TimeSpan.FromSeconds(5));
        var tables = new UserTables(TimeProvider.System, own.SetDevices, static (_, _, _) => { });
        var table = tables.Hold("/");
        table.Configure(TimeSpan.FromMilliseconds(1), 10_000);
        var other = new Remote();
        var sockets = ids.Select(static _ => new object()).ToArray();

        var before = Heap();
        var begun = Cpu();
        for (var i = 0; i < ids.Length; i++)
            table.Came(sockets[i], ids[i]);
        Say("a user's first device connects here", Each(begun));
        own.Begin([]);
        Say("memory, users with a device here (with the directory's entry)", $"{(Heap() - before) / (double)ids.Length:0} bytes each");

        begun = Cpu();
        var everything = own.Everything();
        var messages = everything.Changes.Chunk(500).Select(static some => Packed.Of(new Announce(1, some))).ToArray();
        Say("what a node that joins is told", $"{(Cpu() - begun).TotalMilliseconds:0} ms, "
            + $"{messages.Sum(static message => message.Bytes.Length) / 1024.0 / 1024:0.0} MB, {messages.Length} messages");
        begun = Cpu();
        var there = new UserTables(TimeProvider.System, static (_, _, _) => { }, static (_, _, _) => { });
        before = Heap();
        foreach (var change in messages.SelectMany(static message => ((Announce)message.Unpack()).Changes))
            there.Set(other, change.NamespaceOfUser, change.Room, change.Devices);
        Say("… and takes it", $"{(Cpu() - begun).TotalMilliseconds:0} ms");
        Say("memory, users known of another node, ids included", $"{(Heap() - before) / (double)ids.Length:0} bytes each");
        GC.KeepAlive(there);

        foreach (var id in ids)
            tables.Set(other, "/", id, 1);
        begun = Cpu();
        var online = ids.Count(table.IsOnline);
        Say("IsOnline", Each(begun));
        begun = Cpu();
        var devices = ids.Sum(id => table.Find(id)!.Devices);
        Say("Find", Each(begun));
        if (online != ids.Length || devices != ids.Length * Devices)
            throw new InvalidOperationException($"{online} users, {devices} devices");
        var users = new UserDirectory(table);
        begun = Cpu();
        for (var i = 0; i < 10; i++)
            users.List();
        Say("List, a page of 1 000", $"{(Cpu() - begun).TotalMilliseconds / 10:0.0} ms");

        foreach (var socket in sockets)
            table.Gone(socket);
        var left = 0;
        var all = new ManualResetEventSlim();
        using var handler = table.OnEvent(e =>
        {
            if (!e.HasCome && Interlocked.Increment(ref left) == ids.Length)
                all.Set();
            return Task.CompletedTask;
        });
        begun = Cpu();
        tables.NodeGone(other);
        Say("a node with all users crashes: they are without a device", $"{(Cpu() - begun).TotalMilliseconds:0} ms");
        all.Wait();
        Say("… and all OnLeft have run", $"{(Cpu() - begun).TotalMilliseconds:0} ms");
        GC.KeepAlive(sockets);

        string Each(TimeSpan since) => $"{(Cpu() - since).TotalNanoseconds / ids.Length:0} ns";

        void Say(string what, string figure)
        {
            if (!isQuiet)
                Console.WriteLine($"| {what} | {figure} |");
        }
    }

    /// <summary>Of this process: other programs may use the machine meanwhile.</summary>
    private static TimeSpan Cpu() => Environment.CpuUsage.TotalTime;

    private static long Heap() => GC.GetTotalMemory(forceFullCollection: true);

    private sealed class Remote : IRemoteNode
    {
        public string Tag => "other";
    }
}
