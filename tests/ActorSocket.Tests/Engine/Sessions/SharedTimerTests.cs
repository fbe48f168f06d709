using Akka.Actor;
using ActorSocket.Sessions;

namespace ActorSocket.Tests.Engine.Sessions;

public sealed class SharedTimerTests : ServerTest
{
    private static readonly TimeSpan Delay = TimeSpan.FromSeconds(16), Step = TimeSpan.FromMilliseconds(2);

    [Fact]
    public async Task Nobody_is_told_too_early_and_nobody_more_than_a_step_too_late()
    {
        var timer = NewTimer(Delay);
        var waits = new List<(Akka.TestKit.TestProbe Probe, IActorRef Actor, SharedTimer.Wait Wait)>();
        foreach (var pause in (double[])[0, 0.5, 0.5, 0.5, 3, 7, 100, 0])
        {
            Clock.Advance(TimeSpan.FromMilliseconds(pause));
            waits.Add(await StartAsync(timer));
        }
        foreach (var (probe, actor, wait) in waits)
        {
            var due = DateTimeOffset.UnixEpoch + wait.Due;
            if (Clock.Now < due)
            {
                Clock.AdvanceTo(due - TimeSpan.FromTicks(1));
                await HandledAsync(actor);
                Assert.False(probe.HasMessages);
            }
            if (Clock.Now < due + Step)
                Clock.AdvanceTo(due + Step);
            Assert.Same(wait, await probe.ExpectMsgAsync<SharedTimer.Wait>(Patience));
        }
        Clock.Advance(Delay);
        Assert.All(waits, static one => Assert.False(one.Probe.HasMessages)); // once
    }

    [Fact]
    public async Task A_time_that_follows_another_is_counted_from_when_that_was_over_unless_its_alarm_was_late()
    {
        var timer = NewTimer(Delay);
        var first = await StartAsync(timer);
        Clock.Advance(Delay + (Delay / 8) - TimeSpan.FromMilliseconds(1));
        var second = await StartAsync(timer, first.Wait);
        Assert.Equal(first.Wait.Due + Delay, second.Wait.Due);
        Clock.Advance(Delay + (Delay / 8));
        var third = await StartAsync(timer, second.Wait);
        Assert.Equal(Clock.Now - DateTimeOffset.UnixEpoch + Delay, third.Wait.Due); // the machine was busy, which is not the client's fault
    }

    [Fact]
    public async Task Who_cancels_is_not_told()
    {
        var timer = NewTimer(Delay);
        var stays = await StartAsync(timer);
        var goes = await StartAsync(timer);
        goes.Wait.Cancel();
        Clock.Advance(Delay + Step);
        await stays.Probe.ExpectMsgAsync<SharedTimer.Wait>(Patience);
        Assert.False(goes.Probe.HasMessages);
    }

    [Fact]
    public async Task Who_begins_and_cancels_over_and_over_takes_no_memory()
    {
        var timer = NewTimer(Delay);
        var stays = await StartAsync(timer);
        for (var i = 0; i < 10_000; i++)
            (await StartAsync(timer, actor: stays.Actor)).Wait.Cancel();
        Assert.InRange(timer.Held, 1, 200);
        Clock.Advance(Delay + Step);
        Assert.Same(stays.Wait, await stays.Probe.ExpectMsgAsync<SharedTimer.Wait>(Patience));
    }

    [Fact]
    public async Task A_time_shorter_than_the_schedulers_own_passes_too()
    {
        var timer = NewTimer(TimeSpan.FromMilliseconds(1));
        for (var i = 0; i < 3; i++)
        {
            var one = await StartAsync(timer);
            Clock.Advance(Step);
            await one.Probe.ExpectMsgAsync<SharedTimer.Wait>(Patience);
        }
    }

    private static SharedTimer NewTimer(TimeSpan delay) => new(delay, "due", new PreciseTimer());

    private async Task<(Akka.TestKit.TestProbe Probe, IActorRef Actor, SharedTimer.Wait Wait)> StartAsync(
        SharedTimer timer,
        SharedTimer.Wait? previous = null,
        IActorRef? actor = null
    )
    {
        var probe = CreateTestProbe();
        actor ??= Sys.ActorOf(Props.CreateBy(new Producer(timer, probe)));
        return (probe, actor, await actor.Ask<SharedTimer.Wait>(new Begin(previous), Patience));
    }

    private sealed record Begin(SharedTimer.Wait? Previous);

    private sealed class Starter(SharedTimer timer, IActorRef told) : UntypedActor
    {
        protected override void OnReceive(object message)
        {
            if (message is Begin begin)
                Sender.Tell(timer.Start(Context, begin.Previous));
            else
                told.Tell(message);
        }
    }

    private sealed class Producer(SharedTimer timer, IActorRef told) : IIndirectActorProducer
    {
        public Type ActorType => typeof(Starter);

        public ActorBase Produce() => new Starter(timer, told);

        public void Release(ActorBase actor)
        {
        }
    }
}
