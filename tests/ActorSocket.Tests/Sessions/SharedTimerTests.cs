using Akka.Actor;
using ActorSocket.Sessions;

namespace ActorSocket.Tests.Sessions;

public sealed class SharedTimerTests : ServerTest
{
    private static readonly TimeSpan Delay = TimeSpan.FromSeconds(16), Moment = TimeSpan.FromMilliseconds(250);

    [Fact]
    public async Task Nobody_is_told_too_early_and_who_begins_within_a_moment_of_the_first_a_moment_after_it()
    {
        var timer = new SharedTimer(Delay, "due");
        var first = await StartAsync(timer);
        Clock.Advance(Moment - TimeSpan.FromMilliseconds(1));
        var second = await StartAsync(timer);
        Clock.Advance(TimeSpan.FromMilliseconds(1));
        var third = await StartAsync(timer);
        Assert.Same(first.Round, second.Round);
        Assert.NotSame(first.Round, third.Round);
        Clock.Advance(Delay - Moment);
        Assert.Same(first.Round, await first.Probe.ExpectMsgAsync<SharedTimer.Round>(Patience));
        await HandledAsync(second.Actor);
        Assert.False(second.Probe.HasMessages || third.Probe.HasMessages);
        Clock.Advance(Moment);
        Assert.Same(second.Round, await second.Probe.ExpectMsgAsync<SharedTimer.Round>(Patience));
        Assert.Equal("due", (await third.Probe.ExpectMsgAsync<SharedTimer.Round>(Patience)).Message);
        Clock.Advance(Delay);
        Assert.False(first.Probe.HasMessages); // once
    }

    [Fact]
    public async Task Who_cancels_is_not_told()
    {
        var timer = new SharedTimer(Delay, "due");
        var stays = await StartAsync(timer);
        var goes = await StartAsync(timer);
        goes.Round.Cancel(goes.Actor);
        Clock.Advance(Delay + Moment);
        await stays.Probe.ExpectMsgAsync<SharedTimer.Round>(Patience);
        Assert.False(goes.Probe.HasMessages);
    }

    [Fact]
    public async Task A_time_shorter_than_the_schedulers_own_passes_too()
    {
        var timer = new SharedTimer(TimeSpan.FromMilliseconds(1), "due");
        for (var i = 0; i < 3; i++)
        {
            var one = await StartAsync(timer);
            Clock.Advance(TimeSpan.FromMilliseconds(1));
            await one.Probe.ExpectMsgAsync<SharedTimer.Round>(Patience);
        }
    }

    private async Task<(Akka.TestKit.TestProbe Probe, IActorRef Actor, SharedTimer.Round Round)> StartAsync(SharedTimer timer)
    {
        var probe = CreateTestProbe();
        var actor = Sys.ActorOf(Props.CreateBy(new Producer(timer, probe)));
        return (probe, actor, await actor.Ask<SharedTimer.Round>("start", Patience));
    }

    private sealed class Starter(SharedTimer timer, IActorRef told) : UntypedActor
    {
        protected override void OnReceive(object message)
        {
            if (message is "start")
                Sender.Tell(timer.Start(Context));
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
