using System.Text.Json;
using ActorSocket.Entities;
using CsCheck;
using Microsoft.AspNetCore.Builder;
using Microsoft.Extensions.DependencyInjection;

namespace ActorSocket.Tests.Entities;

/// <summary>In which order an entity's state reaches its store, whatever that does.</summary>
public sealed class EntitySavesTests
{
    [Fact]
    public async Task What_comes_while_a_save_is_under_way_is_put_together()
    {
        var world = new World();
        world.Entity.Value = 1;
        var first = world.Saves.SaveAsync();
        var under = await world.Store.NextAsync();
        world.Entity.Value = 2;
        var second = world.Saves.SaveAsync();
        world.Entity.Value = 3;
        var third = world.Saves.SaveAsync();
        Assert.Same(third, world.Saves.SaveAsync()); // nothing new
        Assert.False(first.IsCompleted);
        under.Done.SetResult();
        await first;
        var next = await world.Store.NextAsync();
        Assert.Equal((1, 3), (under.Value, next.Value));
        Assert.Equal(under.Number, next.Number); // one life: it replaces what it saved before
        Assert.False(second.IsCompleted || third.IsCompleted);
        next.Done.SetResult();
        await Task.WhenAll(second, third);
        await world.Saves.SaveAsync(); // it has it already: the store is not asked
    }

    [Fact]
    public async Task What_failed_is_saved_again_though_nothing_has_changed_since()
    {
        var world = new World();
        world.Entity.Value = 1;
        var failing = world.Saves.SaveAsync();
        (await world.Store.NextAsync()).Done.SetException(new IOException("away"));
        var failure = await Assert.ThrowsAsync<EntityStoreException>(() => failing);
        Assert.Equal("The entity's state was not saved: away", failure.Message);
        var again = world.Saves.SaveAsync();
        var save = await world.Store.NextAsync();
        Assert.Equal(1, save.Value);
        save.Done.SetResult();
        await again;
    }

    [Fact]
    public async Task What_failed_and_is_written_after_all_does_not_count_more_than_what_came_after_it()
    {
        var world = new World();
        world.Entity.Value = 1;
        var failing = world.Saves.SaveAsync();
        var late = await world.Store.NextAsync();
        world.Entity.Value = 2;
        var next = world.Saves.SaveAsync();
        late.Done.SetException(new TimeoutException("not in time")); // and yet it is under way
        await Assert.ThrowsAsync<EntityStoreException>(() => failing);
        var second = await world.Store.NextAsync();
        Assert.True(second.Number > late.Number);
        second.Done.SetException(new TimeoutException("not in time"));
        await Assert.ThrowsAsync<EntityStoreException>(() => next);
        var again = world.Saves.SaveAsync();
        var third = await world.Store.NextAsync();
        Assert.True(third.Number > second.Number);
        third.Done.SetResult();
        await again;
        Assert.Equal(third.Number - 1, world.Store.Deleted);
        Assert.Equal(third.Number, world.HandOver().Number);
    }

    [Fact]
    public async Task It_is_deleted_after_all_that_is_being_saved()
    {
        var world = new World();
        world.Entity.Value = 1;
        _ = world.Saves.SaveAsync();
        var first = await world.Store.NextAsync();
        world.Entity.Value = 2;
        _ = world.Saves.SaveAsync();
        var deleting = world.Saves.DeleteAsync();
        first.Done.SetResult();
        var second = await world.Store.NextAsync();
        await Task.Delay(50);
        Assert.False(deleting.IsCompleted);
        second.Done.SetResult();
        await deleting;
        Assert.Equal(second.Number, world.Store.Deleted);
    }

    [Fact]
    public async Task One_that_was_to_be_deleted_and_moves_first_is_not_taken_for_saved()
    {
        var world = new World();
        Assert.True(world.HandOver().IsSaved);
        world.Context.Delete();
        Assert.False(world.HandOver().IsSaved);
        world.Saves.End();
        world.Entity.Value = 1;
        var refused = await Assert.ThrowsAsync<EntityStoreException>(world.Saves.SaveAsync);
        Assert.Contains("ended, or moved", refused.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_life_has_the_number_of_its_generation_whatever_the_clock_says()
    {
        var world = new World();
        world.Saves.Begin(number: 5, generation: 1000, isSaved: true);
        Assert.Equal(1000, world.HandOver().Number);
        world.Saves.Begin(number: 2000, generation: 1000, isSaved: true);
        Assert.Equal(2001, world.HandOver().Number);
        world.Saves.Begin(number: 5, generation: 0, isSaved: true);
        Assert.True(world.HandOver().Number > 1_700_000_000_000);
    }

    [Theory]
    [InlineData(60)]
    [InlineData(126)]
    public void However_deep_a_state_is_it_is_read_again(int depth)
    {
        var state = new string('[', depth) + new string(']', depth);
        var json = System.Text.Encoding.UTF8.GetBytes(state);
        Assert.Equal(state, KeptState.Read(KeptState.Write(1, 1, true, [], null, json)).State!.Value.GetRawText());
        Assert.Equal(state, KeptState.OfPlain(json).State!.Value.GetRawText());
    }

    [Fact]
    public async Task One_that_is_handed_over_knows_whether_the_store_has_it()
    {
        var world = new World();
        world.Entity.Value = 1;
        Assert.False(world.HandOver().IsSaved);
        var saving = world.Saves.SaveAsync();
        Assert.False(world.HandOver().IsSaved);
        var save = await world.Store.NextAsync();
        save.Done.SetResult();
        await saving;
        Assert.Equal((true, save.Number), (world.HandOver().IsSaved, world.HandOver().Number));
        world.Entity.Value = 2;
        Assert.False(world.HandOver().IsSaved);
    }

    [Fact]
    public void Whatever_the_store_does_who_is_told_that_it_is_saved_was_saved()
    {
        // What is done, one after the other: the entity changes, it is saved, the store answers well, the store fails.
        Gen.OneOfConst("change", "save", "succeed", "fail").List[1, 40].Sample(
            steps =>
            {
                var world = new World();
                var waiting = new List<(Task Save, int Value)>();
                Asked? asked = null;
                var saved = 0;
                foreach (var step in steps)
                {
                    if (step == "change")
                        world.Entity.Value++;
                    else if (step == "save")
                        waiting.Add((world.Saves.SaveAsync(), world.Entity.Value));
                    else if (waiting.Exists(static wait => !wait.Save.IsCompleted))
                    {
                        asked = world.Store.NextAsync().WaitAsync(TimeSpan.FromSeconds(30)).GetAwaiter().GetResult();
                        var (pending, left) = (asked, waiting.Count(static wait => !wait.Save.IsCompleted));
                        if (step == "succeed")
                        {
                            Assert.True(pending.Value >= saved);
                            saved = pending.Value;
                            pending.Done.SetResult();
                        }
                        else
                            pending.Done.SetException(new IOException("away"));
                        SpinWait.SpinUntil(() => waiting.Count(static wait => !wait.Save.IsCompleted) < left, TimeSpan.FromSeconds(30));
                    }
                    foreach (var (save, value) in waiting)
                    {
                        if (save.IsCompletedSuccessfully)
                            Assert.True(value <= saved, $"{value} was acknowledged, {saved} is saved");
                    }
                }
            },
            iter: 2000
        );
    }

    private sealed record Asked(int Value, long Number, TaskCompletionSource Done);

    private sealed class World
    {
        private static readonly EntityKind Kind = NewKind();

        public World()
        {
            var entities = new EntityServices { Store = Store };
            Saves = new EntitySaves(new EntityKey("test", "a"), entities, Entity, Context, maxBytes: 1000);
            Saves.Begin(number: 0, generation: 0, isSaved: true);
        }

        public Number Entity { get; } = new();

        public EntityContext Context { get; } = new("a", Kind);

        public Controlled Store { get; } = new();

        public EntitySaves Saves { get; }

        private static EntityKind NewKind()
        {
            var io = TestApplication.Build(static services => services.AddActorSocket()).MapActorSocket();
            var methods = new Dictionary<string, EntityMethod>(StringComparer.Ordinal);
            return new EntityKind("test", io, _ => null!, methods, new EntityOptions(), IsStateful: true);
        }

        public KeptState HandOver() => KeptState.ReadHandOver(Saves.WriteHandOver())!;
    }

    private sealed class Number : IStatefulEntity
    {
        public int Value { get; set; }

        public int StateVersion => 1;

        public void Load(KeptState? kept, JsonSerializerOptions json)
        {
        }

        public byte[] Write(JsonSerializerOptions json) => JsonSerializer.SerializeToUtf8Bytes(Value);
    }

    /// <summary>Answers when it is told to.</summary>
    private sealed class Controlled : IEntityStore
    {
        private readonly System.Threading.Channels.Channel<Asked> _asked = System.Threading.Channels.Channel.CreateUnbounded<Asked>();

        public Task<Asked> NextAsync() => _asked.Reader.ReadAsync().AsTask();

        public Task<StoredState?> LoadAsync(EntityKey key) => throw new NotSupportedException();

        public Task SaveAsync(EntityKey key, StoredState state)
        {
            var asked = new Asked(KeptState.Read(state.Bytes).State!.Value.GetInt32(), state.Number, new TaskCompletionSource());
            Assert.True(_asked.Writer.TryWrite(asked));
            return asked.Done.Task;
        }

        public long Deleted { get; private set; }

        public Task DeleteAsync(EntityKey key, long number)
        {
            Deleted = number;
            return Task.CompletedTask;
        }
    }
}
