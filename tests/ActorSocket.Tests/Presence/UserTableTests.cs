using System.Collections.Concurrent;
using System.Threading.Channels;
using ActorSocket.Presence;
using ActorSocket.Recovery;
using CsCheck;

namespace ActorSocket.Tests.Presence;

public sealed class UserTableTests
{
    private static readonly TimeSpan Grace = TimeSpan.FromSeconds(10);

    private readonly ManualTime _time = new();
    private readonly List<string> _told = [];
    private readonly ConcurrentQueue<string> _reports = [];
    private readonly Remote _one = new("one");
    private readonly Remote _two = new("two");
    private int _empty;

    [Fact]
    public void Devices_of_all_nodes_are_counted_and_this_nodes_are_told_to_the_others()
    {
        var table = NewTable();
        table.Came("phone", "ada");
        table.Came("phone", "ada"); // once is enough
        table.Came("tablet", "ada");
        table.Set(_one, "ada", 3);
        table.Set(_two, "bob", 1);
        Assert.Equal(("ada", true, 5), FactsOf(table, "ada"));
        Assert.Equal(("bob", true, 1), FactsOf(table, "bob"));
        Assert.Null(table.Find("eve"));
        Assert.Equal(2, table.Online);
        table.Gone("phone");
        table.Gone("phone");
        table.Set(_one, "ada", 1);
        Assert.Equal(("ada", true, 2), FactsOf(table, "ada"));
        Assert.Equal(["ada 1", "ada 2", "ada 1"], _told);
    }

    [Fact]
    public void Who_has_no_device_is_online_until_the_grace_time_is_over_and_then_was_last_seen()
    {
        var table = NewTable();
        table.Came("phone", "ada");
        var before = TimeProvider.System.GetUtcNow();
        table.Gone("phone");
        Assert.Equal(("ada", true, 0), FactsOf(table, "ada"));
        var seen = table.Find("ada")!.LastSeen;
        Assert.InRange(seen, before, TimeProvider.System.GetUtcNow());
        _time.Advance(9);
        Assert.True(table.IsOnline("ada"));
        _time.Advance(1);
        Assert.False(table.IsOnline("ada"));
        Assert.Equal(new UserPresence("ada", false, 0, seen), table.Find("ada"));
        Assert.Equal((0, 1, 1), (table.Online, table.Remembered, _empty));
    }

    [Fact]
    public void Who_comes_back_within_the_grace_time_has_a_whole_one_when_he_goes_again()
    {
        var table = NewTable();
        table.Came("phone", "ada");
        table.Gone("phone");
        _time.Advance(6);
        table.Set(_one, "ada", 1); // by another node
        _time.Advance(6);
        table.Set(_one, "ada", 0);
        _time.Advance(9);
        Assert.True(table.IsOnline("ada"));
        _time.Advance(1);
        Assert.False(table.IsOnline("ada"));
    }

    [Fact]
    public void A_node_that_is_gone_takes_its_devices_along_and_no_others()
    {
        var table = NewTable();
        table.Came("phone", "ada");
        table.Set(_one, "ada", 2);
        table.Set(_one, "bob", 1);
        table.Set(_two, "bob", 1);
        table.Set(_one, "eve", 1);
        table.NodeGone(_one);
        _time.Advance(10);
        Assert.Equal(("ada", true, 1), FactsOf(table, "ada"));
        Assert.Equal(("bob", true, 1), FactsOf(table, "bob"));
        Assert.False(table.IsOnline("eve"));
    }

    [Fact]
    public void Only_so_many_that_left_are_remembered_and_the_oldest_are_forgotten()
    {
        var table = NewTable(maxLastSeen: 3);
        for (var i = 0; i < 5; i++)
        {
            table.Came(i, $"user {i}");
            table.Gone(i);
            _time.Advance(10);
        }
        Assert.Equal(3, table.Remembered);
        Assert.Null(table.Find("user 1"));
        Assert.NotNull(table.Find("user 2"));
        table.Came(2, "user 2"); // online: nothing to remember
        Assert.Equal(2, table.Remembered);
    }

    [Fact]
    public async Task Handlers_hear_of_who_came_and_left_in_order_and_one_that_throws_harms_nobody()
    {
        var table = NewTable();
        var heard = new ConcurrentQueue<string>();
        var bobs = Channel.CreateUnbounded<bool>();
        table.OnEvent(static _ => throw new InvalidOperationException("by the handler"));
        table.OnEvent(async e =>
        {
            await Task.Yield();
            heard.Enqueue($"{e.UserId} {(e.HasCome ? "came" : "left")}");
            if (e.UserId == "bob")
                bobs.Writer.TryWrite(e.HasCome);
        });
        table.Came("phone", "ada");
        table.Came("tablet", "ada");
        table.Set(_one, "bob", 1);
        Assert.True(await bobs.Reader.ReadAsync().AsTask().WaitAsync(TimeSpan.FromSeconds(20)));
        table.Gone("phone");
        table.Gone("tablet");
        table.Came("phone", "ada"); // within the grace time
        table.NodeGone(_one);
        _time.Advance(10);
        Assert.False(await bobs.Reader.ReadAsync().AsTask().WaitAsync(TimeSpan.FromSeconds(20)));
        Assert.Equal(["ada came", "bob came", "bob left"], heard, StringComparer.Ordinal);
        Assert.Equal(3, _reports.Count(static report => report.Contains("by the handler", StringComparison.Ordinal)));
    }

    [Fact]
    public async Task A_slow_handler_is_told_what_is_so_and_not_all_that_was()
    {
        var table = NewTable(grace: TimeSpan.Zero);
        var heard = new ConcurrentQueue<string>();
        var entered = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        var goOn = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        var fence = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        table.OnEvent(async e =>
        {
            heard.Enqueue($"{e.UserId} {(e.HasCome ? "came" : "left")}");
            entered.TrySetResult();
            await goOn.Task;
            if (e.UserId == "fence")
                fence.SetResult();
        });
        table.Came("first", "ada");
        await entered.Task.WaitAsync(TimeSpan.FromSeconds(20));
        for (var i = 0; i < 100; i++)
        {
            table.Gone("first");
            table.Came("phone", "bob");
            table.Gone("phone"); // bob was here and is not
            table.Came("first", "ada");
        }
        table.Came("fence", "fence");
        goOn.SetResult();
        await fence.Task.WaitAsync(TimeSpan.FromSeconds(20));
        Assert.Equal(["ada came", "fence came"], heard, StringComparer.Ordinal);
        Assert.False(table.IsOnline("bob"));
    }

    private enum Do { Came, Gone, Set, NodeGone, Wait }

    private static readonly Gen<(Do What, int User, int Number, int Node)[]> Steps = Gen.Select(
        Gen.OneOfConst(Do.Came, Do.Came, Do.Gone, Do.Gone, Do.Set, Do.Set, Do.NodeGone, Do.Wait),
        Gen.Int[0, 3],
        Gen.Int[0, 4],
        Gen.Int[0, 1]
    ).Array[1, 200];

    /// <summary>Handlers that take off and put on what they hear end with those who are online.</summary>
    [Fact]
    public async Task Whatever_happens_it_is_as_a_plain_count_says_and_handlers_end_with_it() =>
        await Steps.SampleAsync(
            async steps =>
            {
                var time = new ManualTime();
                var table = new UserTable(time, static (_, _) => { }, static _ => { }, static (_, _) => { });
                table.Configure(Grace, 2);
                var heard = new HashSet<string>(StringComparer.Ordinal);
                var fence = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
                using var handler = table.OnEvent(e =>
                {
                    if (e.UserId == "fence")
                        fence.SetResult();
                    else
                        Assert.True(e.HasCome ? heard.Add(e.UserId) : heard.Remove(e.UserId), "told twice");
                    return Task.CompletedTask;
                });
                Remote[] nodes = [new("one"), new("two")];
                var devices = new Dictionary<int, int>(); // of here, by user
                var told = new Dictionary<(int Node, int User), int>();
                var seen = new Dictionary<int, int>(); // with a device, or when the last one went
                foreach (var (what, user, number, node) in steps)
                {
                    switch (what)
                    {
                        case Do.Came:
                            if (devices.TryAdd(number, user))
                                table.Came(number, $"{user}");
                            break;
                        case Do.Gone:
                            devices.Remove(number);
                            table.Gone(number);
                            break;
                        case Do.Set:
                            told[(node, user)] = number;
                            table.Set(nodes[node], $"{user}", number);
                            break;
                        case Do.NodeGone:
                            foreach (var key in told.Keys.Where(key => key.Node == node).ToArray())
                                told.Remove(key);
                            table.NodeGone(nodes[node]);
                            nodes[node] = new Remote("another"); // at the same address
                            break;
                        case Do.Wait:
                            time.Advance(1 + number);
                            break;
                    }
                    for (var one = 0; one <= 3; one++)
                    {
                        var count = devices.Values.Count(id => id == one) + told.Where(t => t.Key.User == one).Sum(static t => t.Value);
                        var at = seen.GetValueOrDefault(one, int.MinValue / 2);
                        if (count > 0)
                            at = seen[one] = -1;
                        else if (at == -1)
                            at = seen[one] = time.Seconds;
                        var online = (at == -1 || time.Seconds - at < Grace.TotalSeconds);
                        if (!online)
                            seen.Remove(one);
                        Assert.Equal(online, table.IsOnline($"{one}"));
                        Assert.Equal(online ? count : 0, table.Find($"{one}")?.Devices ?? 0);
                    }
                    Assert.Equal(seen.Count, table.Online);
                }
                table.Came("fence", "fence");
                await fence.Task.WaitAsync(TimeSpan.FromSeconds(20));
                Assert.Equal(
                    seen.Keys.Select(static id => $"{id}").Order(StringComparer.Ordinal),
                    heard.Order(StringComparer.Ordinal)
                );
            },
            iter: 2_000
        );

    [Fact]
    public void A_table_without_users_and_without_a_namespace_is_forgotten()
    {
        var tables = new UserTables(_time, static (_, _, _) => { }, static (_, _, _) => { });
        tables.Set(_one, "/theirs", "ada", 1);
        tables.Set(_one, "/theirs", "bob", 0);
        var ours = tables.Hold("/ours");
        Assert.Equal(2, tables.Count);
        tables.Set(_one, "/theirs", "ada", 0);
        Assert.Equal(1, tables.Count);
        ours.Configure(Grace, 10);
        ours.Came("phone", "ada");
        ours.Gone("phone");
        tables.Release("/ours");
        Assert.Equal(1, tables.Count); // somebody is still online
        _time.Advance(10);
        Assert.Equal(0, tables.Count);
        // What is told of a namespace before it is made here is known to it.
        tables.Set(_one, "/later", "ada", 2);
        Assert.Equal(("ada", true, 2), FactsOf(tables.Hold("/later"), "ada"));
        tables.NodeGone(_one);
        Assert.Equal(1, tables.Count);
    }

    [Fact]
    public async Task A_namespace_that_is_made_anew_has_its_own_handlers_and_not_those_of_the_one_before_too()
    {
        var heard = Channel.CreateUnbounded<string>();
        var tables = new UserTables(_time, static (_, _, _) => { }, static (_, _, _) => { });
        for (var life = 1; life <= 3; life++)
        {
            var (table, number) = (tables.Hold("/room"), life);
            table.Configure(Grace, 10);
            table.OnEvent(e => heard.Writer.WriteAsync($"{number} {e.UserId}").AsTask());
            table.Came($"phone{life}", $"user{life}"); // within the grace time: the table is the same
            Assert.Equal($"{life} user{life}", await heard.Reader.ReadAsync().AsTask().WaitAsync(TimeSpan.FromSeconds(20)));
            tables.Release("/room");
        }
        tables.Hold("/room").Came("tablet", "last");
        Assert.False(heard.Reader.TryRead(out _));
    }

    private UserTable NewTable(TimeSpan? grace = null, int maxLastSeen = 100)
    {
        var table = new UserTable(
            _time,
            (user, devices) => _told.Add($"{user} {devices}"),
            _ => Interlocked.Increment(ref _empty),
            (error, dropped) => _reports.Enqueue($"{error?.Message} {dropped}")
        );
        table.Configure(grace ?? Grace, maxLastSeen);
        return table;
    }

    private static (string, bool, int) FactsOf(UserTable table, string id)
    {
        var user = table.Find(id)!;
        return (user.UserId, user.IsOnline, user.Devices);
    }

    private sealed class Remote(string tag) : IRemoteNode
    {
        public string Tag => tag;
    }
}
