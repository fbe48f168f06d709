using Akka.Actor;
using Akka.Configuration;
using Akka.Dispatch.MessageQueues;
using CsCheck;
using ActorSocket.Sessions;

namespace ActorSocket.Tests.Engine.Sessions;

public sealed class LeanMailboxTests
{
    [Fact]
    public void It_gives_out_what_was_put_in_in_order_however_it_grows_and_shrinks()
    {
        Gen.Int[-80, 100].Array[0, 60].Sample(steps =>
        {
            var (queue, model, next) = (new LeanMessageQueue(), new Queue<int>(), 0);
            foreach (var step in steps)
            {
                for (var i = 0; i < step; i++) // so many in …
                {
                    queue.Enqueue(ActorRefs.Nobody, new Envelope(next, ActorRefs.Nobody));
                    model.Enqueue(next++);
                }
                for (var i = 0; i > step; i--) // … or out
                {
                    Assert.Equal(model.TryDequeue(out var expected), queue.TryDequeue(out var envelope));
                    Assert.Equal(expected, envelope.Message ?? 0);
                }
                Assert.Equal(model.Count, queue.Count);
                Assert.Equal(model.Count > 0, queue.HasMessages);
            }
        });
    }

    [Fact]
    public async Task It_loses_nothing_when_many_threads_put_in_at_once()
    {
        const int threads = 4, each = 20_000;
        var queue = new LeanMessageQueue();
        var putting = Enumerable.Range(0, threads).Select(thread => Task.Run(() =>
        {
            for (var i = 0; i < each; i++)
                queue.Enqueue(ActorRefs.Nobody, new Envelope((thread, i), ActorRefs.Nobody));
        })).ToArray();
        var next = new int[threads];
        var all = Task.WhenAll(putting);
        while (next.Sum() < threads * each)
        {
            if (!queue.TryDequeue(out var envelope))
                continue;
            var (thread, i) = ((int, int))envelope.Message;
            Assert.Equal(next[thread]++, i); // the order of one sender
        }
        await all;
        Assert.False(queue.HasMessages);
    }

    [Fact]
    public void What_is_left_when_its_actor_ends_goes_to_the_dead_letters()
    {
        var (queue, deadLetters) = (new LeanMessageQueue(), new UnboundedMessageQueue());
        for (var i = 0; i < 3; i++)
            queue.Enqueue(ActorRefs.Nobody, new Envelope(i, ActorRefs.Nobody));
        queue.CleanUp(ActorRefs.Nobody, deadLetters);
        Assert.Equal((0, 3), (queue.Count, deadLetters.Count));
    }

    [Fact]
    public async Task An_actor_system_that_was_made_without_our_configuration_gives_its_own_mailbox()
    {
        var system = ActorSystem.Create("bare", ConfigurationFactory.Empty);
        var props = LeanMailbox.With(system, Props.Empty);
        Assert.Equal(Deploy.NoMailboxGiven, props.Deploy.Mailbox);
        await system.Terminate();
    }
}
