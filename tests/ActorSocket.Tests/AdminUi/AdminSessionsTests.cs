using ActorSocket.AdminUi;

namespace ActorSocket.Tests.AdminUi;

public sealed class AdminSessionsTests
{
    private readonly ManualTime _time = new();

    [Fact]
    public void A_session_is_known_for_a_day_also_to_a_node_that_was_told_of_it()
    {
        var (here, there) = (new AdminSessions(_time), new AdminSessions(_time));
        there.Add(here.Add("one"));

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
            sessions.Add($"session {i}");
        }

        Assert.False(sessions.Has("session 0"));
        Assert.True(sessions.Has("session 1") && sessions.Has($"session {AdminSessions.Most}"));
    }

    private sealed class ManualTime : TimeProvider
    {
        public TimeSpan Elapsed { get; set; }

        public override long TimestampFrequency => TimeSpan.TicksPerSecond;

        public override long GetTimestamp() => Elapsed.Ticks;
    }
}
