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
            Saves = new EntitySaves(new EntityKey("test", "a"), entities, Entity, new EntityContext("a", Kind), maxBytes: 1000);
            Saves.Begin(number: 0, generation: 0, isSaved: true);
        }

        public Number Entity { get; } = new();

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

        public Task DeleteAsync(EntityKey key, long number) => Task.CompletedTask;
    }
}
