using ActorSocket.AdminUi;

namespace ActorSocket.Tests.AdminUi;

public sealed class AdminSessionsTests
{
    private readonly ManualTime _time = new();

    [Fact]
    public void A_session_is_known_for_a_day_also_to_a_node_that_was_told_of_it()
    {
        var (here, there) = (new AdminSessions(_time), new AdminSessions(_time));
        here.Add(AdminSessions.KeyOf("one"));
        there.Add(AdminSessions.KeyOf("one"));

        _time.Elapsed = AdminSessions.Lifetime - TimeSpan.FromSeconds(1);
        Assert.True(here.Has("one") && there.Has("one"));
        Assert.False(here.Has("another"));
        _time.Elapsed = AdminSessions.Lifetime;
        Assert.False(here.Has("one") || there.Has("one"));
    }

    [Fact]
    public void Of_too_many_the_oldest_goes()
    {
        var sessions = new AdminSessions(_time);
        for (var i = 0; i <= AdminSessions.Most; i++)
        {
            _time.Elapsed += TimeSpan.FromMilliseconds(1);
            sessions.Add(AdminSessions.KeyOf($"session {i}"));
        }

        Assert.False(sessions.Has("session 0"));
        Assert.True(sessions.Has("session 1") && sessions.Has($"session {AdminSessions.Most}"));
    }

    [Fact]
    public void A_node_that_comes_later_has_them_for_as_long_as_they_are_good_and_not_longer()
    {
        var (here, later, last) = (new AdminSessions(_time), new AdminSessions(_time), new AdminSessions(_time));
        here.Add(AdminSessions.KeyOf("one"));
        _time.Elapsed = TimeSpan.FromHours(23);
        here.Add(AdminSessions.KeyOf("two"));
        later.AddAll(here.Text);
        Assert.True(later.Has("one") && later.Has("two"));
        last.Add(AdminSessions.KeyOf("one"), later.LeftOf(AdminSessions.KeyOf("one")));
        last.AddAll("nonsense - 1 x");
        _time.Elapsed = AdminSessions.Lifetime;
        last.AddAll(here.Text);
        Assert.False(here.Has("one") || later.Has("one") || last.Has("one"));
        Assert.True(later.Has("two") && last.Has("two"));
    }

    private sealed class ManualTime : TimeProvider
    {
        public TimeSpan Elapsed { get; set; }

        public override long TimestampFrequency => TimeSpan.TicksPerSecond;

        public override long GetTimestamp() => Elapsed.Ticks;
    }
}
