using ActorSocket.EventLoops;

namespace ActorSocket.Tests.Transport;

public sealed class TurnKindTests
{
    private readonly ManualTime _time = new() { Seconds = 1 };
    private readonly TurnKind _kind;

    public TurnKindTests() => _kind = new TurnKind("one", _time);

    [Fact]
    public void What_has_lost_a_loop_runs_aside_until_it_has_been_quick_a_few_times_in_a_row()
    {
        Assert.False(_kind.IsAside);
        _kind.LostLoop();
        Assert.Equal(4, TimesAside());
        Assert.False(_kind.IsAside);
    }

    [Fact]
    public void One_that_is_slow_again_begins_anew()
    {
        _kind.LostLoop();
        _kind.RanAside(wasQuick: true);
        _kind.RanAside(wasQuick: true);
        _kind.RanAside(wasQuick: false);
        Assert.Equal(4, TimesAside());
    }

    [Fact]
    public void The_oftener_it_has_lost_one_the_longer_it_takes_within_bounds()
    {
        var times = new List<int>();
        for (var i = 0; i < 8; i++)
        {
            _kind.LostLoop();
            times.Add(TimesAside());
        }
        Assert.Equal([4, 16, 64, 256, 1024, 4096, 4096, 4096], times);
    }

    [Fact]
    public void A_new_one_may_be_slow_at_first_and_is_told_of_once_a_minute_when_it_stays_so()
    {
        Assert.False(_kind.RanAside(wasQuick: false)); // of another one: it has never lost a loop
        Assert.False(_kind.LostLoop());
        Assert.False(_kind.RanAside(wasQuick: false));
        Assert.False(_kind.RanAside(wasQuick: false));
        Assert.False(_kind.RanAside(wasQuick: true)); // compiled by now
        Assert.False(_kind.RanAside(wasQuick: false));
        Assert.False(_kind.LostLoop());
        Assert.False(_kind.RanAside(wasQuick: false));
        Assert.True(_kind.RanAside(wasQuick: false));
        Assert.False(_kind.RanAside(wasQuick: false));
        _time.Advance(61);
        Assert.True(_kind.RanAside(wasQuick: false));
    }

    [Fact]
    public void One_that_is_known_and_takes_a_loop_away_is_told_of_at_once()
    {
        Assert.False(_kind.LostLoop());
        _time.Advance(11);
        Assert.False(_kind.RanAside(wasQuick: false)); // that harms nobody
        Assert.False(_kind.RanAside(wasQuick: true));
        Assert.True(_kind.LostLoop());
    }

    private int TimesAside()
    {
        var times = 0;
        for (; _kind.IsAside; times++)
            _kind.RanAside(wasQuick: true);
        return times;
    }
}
