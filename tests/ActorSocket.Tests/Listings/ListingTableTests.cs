using System.Collections.Concurrent;
using System.Text;
using System.Text.Json;
using ActorSocket.Listings;
using ActorSocket.Recovery;
using CsCheck;

namespace ActorSocket.Tests.Listings;

/// <summary>What a node knows of listed entities, and who is told of it.</summary>
public sealed class ListingTableTests
{
    private static readonly Remote Other = new();

    // A room is listed at a level, or not any more, here or there; or the other node is gone.
    private static readonly Gen<(int What, int Room, int Level)[]> Steps =
        Gen.Select(Gen.Int[0, 20], Gen.Int[0, 9], Gen.Int[0, 3]).Array[0, 200];

    [Fact]
    public void An_index_has_what_a_look_at_all_finds() => Steps.Sample(static steps =>
    {
        var table = new ListingTable();
        using var index = new ListingIndex<int, Info>(table, static (id, listing) => (true, Read(id, listing)!.Listing.Level));
        foreach (var step in steps)
        {
            Take(table, step);
            if (step.What % 5 == 0)
                Compare();
        }
        Compare();

        void Compare()
        {
            for (var level = 0; level < 4; level++)
            {
                Assert.Equal(
                    table.All.Where(one => LevelOf(one) == level).Select(static one => one.Key).Order(StringComparer.Ordinal),
                    index.Of(level).Select(static one => one.Key).Order(StringComparer.Ordinal),
                    StringComparer.Ordinal
                );
            }
            Assert.Equal(table.All.Select(LevelOf).Distinct().Order(), index.Keys.Order());
        }
    });

    [Fact]
    public async Task A_subscriber_that_adds_up_what_it_is_told_has_the_list() => await Steps.SampleAsync(static async steps =>
    {
        var table = new ListingTable();
        foreach (var step in steps.Take(steps.Length / 2))
            Take(table, step);
        var told = new ConcurrentDictionary<string, ListedRoom<Info>>(StringComparer.Ordinal);
        var faults = new ConcurrentQueue<string>();
        using var subscription = new ListingSubscription<Info>(table, Read, async changes =>
        {
            foreach (var (kind, room) in changes)
            {
                var isRight = kind switch
                {
                    ListedRoomChangeKind.Added => told.TryAdd(room.Id, room),
                    ListedRoomChangeKind.Removed => told.TryRemove(room.Id, out _),
                    _ => told.TryGetValue(room.Id, out var before) && told.TryUpdate(room.Id, room, before) && before != room,
                };
                if (!isRight)
                    faults.Enqueue($"{kind} {room.Id}");
            }
            await Task.Yield();
        });
        subscription.Begin();
        foreach (var step in steps.Skip(steps.Length / 2))
            Take(table, step);
        using var limit = new CancellationTokenSource(TimeSpan.FromSeconds(10));
        while (told.Count != table.Count || table.All.Any(one => Read(one.Key, one.Value) != told.GetValueOrDefault(one.Key)))
            await Task.Delay(1, limit.Token);
        Assert.Empty(faults);
    }, iter: 50);

    [Fact]
    public async Task What_goes_while_it_is_read_is_told_to_have_gone()
    {
        var table = new ListingTable();
        table.Set("a", ListingOf(1, null));
        var told = new ConcurrentQueue<ListedRoomChangeKind>();
        using var subscription = new ListingSubscription<Info>(table, (id, listing) =>
        {
            table.Remove(id, null);
            return Read(id, listing);
        }, changes =>
        {
            foreach (var change in changes)
                told.Enqueue(change.Kind);
            return Task.CompletedTask;
        });
        subscription.Begin();
        using var limit = new CancellationTokenSource(TimeSpan.FromSeconds(10));
        while (told.Count < 2)
            await Task.Delay(1, limit.Token);
        Assert.Equal([ListedRoomChangeKind.Added, ListedRoomChangeKind.Removed], told);
    }

    [Fact]
    public async Task What_comes_and_goes_while_a_handler_is_busy_does_not_pile_up()
    {
        var table = new ListingTable();
        table.Set("first", ListingOf(1, null));
        var (isBusy, goOn) = (new TaskCompletionSource(), new TaskCompletionSource());
        using var subscription = new ListingSubscription<Info>(table, Read, _ =>
        {
            isBusy.TrySetResult();
            return goOn.Task;
        });
        subscription.Begin();
        await isBusy.Task.WaitAsync(TimeSpan.FromSeconds(10));
        for (var i = 0; i < 10_000; i++)
        {
            table.Set($"room {i}", ListingOf(1, null));
            table.Remove($"room {i}", null);
        }
        table.Remove("first", null);
        Assert.Equal(1, subscription.Waiting);
        goOn.SetResult();
    }

    [Fact]
    public void What_was_learned_is_forgotten_after_a_moment_and_an_older_word_does_not_count()
    {
        var time = new ManualTime();
        var learned = new LearnedListings();
        learned.Learn("a", new ListedEntity(2, 5, [], 4, 4, false), time);
        learned.Learn("a", new ListedEntity(2, 4, [], 1, 4, false), time);
        learned.Learn("a", new ListedEntity(1, 9, [], 1, 4, false), time);
        Assert.Equal(4, learned.Find("a")!.Seats);
        learned.Learn("a", new ListedEntity(2, 6, [], 3, 4, false), time);
        Assert.Equal(3, learned.Find("a")!.Seats);
        time.Advance((int)LearnedListings.Kept.TotalSeconds + 1);
        Assert.Empty(learned.All(time));
        for (var i = 0; i < 12_000; i++)
            learned.Learn($"room {i}", new ListedEntity(1, 1, [], 1, 4, false), time);
        Assert.InRange(learned.All(time).Count, 9_000, 10_001);
    }

    private static int LevelOf(KeyValuePair<string, ListedEntity> one) => Read(one.Key, one.Value)!.Listing.Level;

    private static void Take(ListingTable table, (int What, int Room, int Level) step)
    {
        var (what, room, level) = step;
        IRemoteNode? node = what % 2 == 0 ? null : Other;
        if (what == 20)
            table.NodeGone(Other);
        else if (what < 14)
            table.Set($"room {room}", ListingOf(level, node));
        else
            table.Remove($"room {room}", node);
    }

    private static ListedEntity ListingOf(int level, IRemoteNode? node) =>
        new(1, 1, Encoding.UTF8.GetBytes($"{{\"level\":{level}}}"), 0, 4, false) { Node = node };

    private static ListedRoom<Info>? Read(string id, ListedEntity listing) => listing.As<Info>(id, JsonSerializerOptions.Web);

    private sealed record Info(int Level);

    private sealed class Remote : IRemoteNode
    {
        public string Tag => "other";
    }
}
