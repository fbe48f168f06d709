using System.Diagnostics;
using Akka.Actor;
using ActorSocket.Entities;
using ActorSocket.Sessions;
using CsCheck;

namespace ActorSocket.Tests.Entities;

/// <summary>When ticks come: on time, without drift, and each at most once.</summary>
public sealed class TickTests
{
    [Theory]
    [InlineData(24)]
    [InlineData(30)]
    [InlineData(45)]
    [InlineData(60)]
    [InlineData(64)]
    [InlineData(100)]
    [InlineData(128)]
    public void A_rate_is_what_was_asked_for_and_does_not_drift(int rate)
    {
        var alarms = new Alarms();
        Tick.Start(alarms, ActorRefs.Nobody, TimeSpan.FromSeconds(1.0 / rate));
        var random = new Random(rate);
        while (alarms.Now < TimeSpan.FromSeconds(100))
        {
            alarms.Now = alarms.NextDue + TimeSpan.FromTicks(random.Next(20_000)); // up to two milliseconds late
            alarms.RunDue();
        }
        Assert.InRange(alarms.Ran, (rate * 100) - 2, (rate * 100) + 1);
    }

    [Fact]
    public void Late_ticks_are_left_out_and_those_that_follow_come_when_they_would_have() =>
        Gen.Select(Gen.Int[1, 128], Gen.Int[1, 400].Array[1, 200]).Sample(static (rate, steps) =>
        {
            var alarms = new Alarms();
            var interval = TimeSpan.FromSeconds(1.0 / rate);
            Tick.Start(alarms, ActorRefs.Nobody, interval);
            var passedBefore = 0L;
            foreach (var milliseconds in steps)
            {
                alarms.Now += TimeSpan.FromMilliseconds(milliseconds);
                var (passed, ranBefore) = (alarms.Now.Ticks / interval.Ticks, alarms.Ran);
                alarms.RunDue();
                Assert.Equal(passed > passedBefore ? 1 : 0, alarms.Ran - ranBefore); // one, however many were due
                Assert.Equal((passed + 1) * interval, alarms.NextDue);
                passedBefore = passed;
            }
        });

    [Fact]
    public void One_that_has_stopped_leaves_nothing_behind()
    {
        var alarms = new Alarms();
        Tick.Start(alarms, ActorRefs.Nobody, TimeSpan.FromMilliseconds(10)).Stop();
        alarms.Now += TimeSpan.FromMilliseconds(10);
        alarms.RunDue();
        Assert.Throws<InvalidOperationException>(() => alarms.NextDue);
        Assert.Throws<ArgumentOutOfRangeException>(() => Tick.Start(alarms, ActorRefs.Nobody, TimeSpan.FromTicks(9999)));
    }

    [Fact]
    public async Task Sixty_a_second_are_never_more_and_the_last_comes_when_it_would_have()
    {
        using var system = ActorSystem.Create("ticks");
        var alarms = new PreciseTimer();
        var (ticks, due, enough) = (0, TimeSpan.Zero, new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously));
        Action<Tick> take = tick =>
        {
            due = tick.Take();
            if (++ticks == 120)
                enough.SetResult();
        };
        var taker = system.ActorOf(Props.Create(() => new Taker(take)));
        var start = alarms.Now;
        var tick = Tick.Start(alarms, taker, TimeSpan.FromSeconds(1.0 / 60));
        var slack = (alarms.Now - start).TotalSeconds * 60; // they are counted from somewhere between the two
        await enough.Task.WaitAsync(TimeSpan.FromSeconds(60));
        tick.Stop();
        // On a machine that has other things to do some are late, and so left out; but never are there more, and those to come have not
        // moved.
        var place = (due - start).TotalSeconds * 60;
        Assert.InRange(place, 119.5, double.MaxValue);
        Assert.InRange(Math.Abs(place - Math.Round(place)), 0, 0.1 + slack);
    }

    private sealed class Alarms : IAlarms
    {
        private readonly PriorityQueue<Action, TimeSpan> _due = new();

        public TimeSpan Now { get; set; }

        public int Ran { get; private set; }

        public TimeSpan NextDue => _due.TryPeek(out _, out var due) ? due : throw new InvalidOperationException();

        public void Set(TimeSpan delay, Action action) => _due.Enqueue(action, Now + delay);

        public void RunDue()
        {
            while (_due.TryPeek(out var action, out var due) && due <= Now)
            {
                _due.Dequeue();
                Ran++;
                action();
            }
        }
    }

    private sealed class Taker(Action<Tick> take) : UntypedActor
    {
        protected override void OnReceive(object message) => take((Tick)message);
    }
}
