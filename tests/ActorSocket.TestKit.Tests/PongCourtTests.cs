using ActorSocket.Server.Game;

namespace ActorSocket.TestKit.Tests;

/// <summary>How the ball of the demo's game moves.</summary>
public sealed class PongCourtTests
{
    private static readonly TimeSpan Frame = TimeSpan.FromSeconds(1.0 / 60);

    [Fact]
    public void The_ball_rests_before_it_is_served()
    {
        var state = NewGame();
        Play(state, PongCourt.RestBeforeServe - 0.1);
        Assert.Equal((PongCourt.Width / 2, PongCourt.Height / 2), (state.X, state.Y));
        Play(state, 0.2);
        Assert.NotEqual(PongCourt.Width / 2, state.X);
    }

    [Fact]
    public void Whoever_misses_loses_a_point_and_five_win()
    {
        var state = NewGame();
        state.Players[1].Target = 0; // he hides in a corner, and she is always there
        var points = new List<(int, int)>();
        var dice = new Random(1);
        for (var frame = 0; frame < 60 * 600 && state.Phase == PongPhase.Playing; frame++)
        {
            state.Players[0].Target = state.Y;
            if (PongCourt.Advance(state, Frame, dice))
                points.Add((state.Players[0].Score, state.Players[1].Score));
        }
        Assert.Equal([(1, 0), (2, 0), (3, 0), (4, 0), (5, 0)], points);
        Assert.Equal((PongPhase.Over, 0), (state.Phase, state.Winner));
        Assert.False(PongCourt.Advance(state, Frame, dice));
    }

    [Fact]
    public void Two_who_are_always_there_play_on_ever_faster_up_to_a_limit()
    {
        var state = NewGame();
        var dice = new Random(2);
        for (var frame = 0; frame < 60 * 60; frame++)
        {
            foreach (var player in state.Players)
                player.Target = state.Y;
            Assert.False(PongCourt.Advance(state, Frame, dice), $"a point in frame {frame}");
            Assert.InRange(state.Y, 0, PongCourt.Height);
            Assert.InRange(state.X, 0, PongCourt.Width);
        }
        Assert.Equal(PongCourt.MostSpeed, Math.Sqrt((state.SpeedX * state.SpeedX) + (state.SpeedY * state.SpeedY)), 6);
    }

    [Fact]
    public void A_paddle_is_no_faster_than_the_rules_allow_and_stays_on_the_court()
    {
        var state = NewGame();
        state.Players[0].Target = 1e300;
        state.Players[1].Target = double.NegativeInfinity;
        PongCourt.Advance(state, Frame, new Random(3));
        Assert.Equal((PongCourt.Height / 2) + (PongCourt.PaddleSpeed / 60), state.Players[0].Paddle, 4);
        Play(state, 1);
        Assert.Equal(PongCourt.Height - (PongCourt.PaddleHeight / 2), state.Players[0].Paddle, 6);
        Assert.Equal(PongCourt.PaddleHeight / 2, state.Players[1].Paddle, 6);
    }

    [Fact]
    public void After_a_break_everything_is_about_where_it_was()
    {
        var state = NewGame();
        Play(state, PongCourt.RestBeforeServe + 0.3);
        var before = state.X;
        PongCourt.Advance(state, TimeSpan.FromMinutes(1), new Random(4));
        Assert.InRange(Math.Abs(state.X - before), 0, PongCourt.MostSpeed * 0.1);
    }

    [Fact]
    public void While_a_player_is_away_nothing_moves()
    {
        var state = NewGame();
        Play(state, PongCourt.RestBeforeServe + 0.3);
        state.Phase = PongPhase.Paused;
        var (x, y) = (state.X, state.Y);
        Play(state, 1);
        Assert.Equal((x, y), (state.X, state.Y));
    }

    private static PongState NewGame() => new() { Phase = PongPhase.Playing };

    private static void Play(PongState state, double seconds)
    {
        var dice = new Random(5);
        for (var left = seconds; left > 0; left -= Frame.TotalSeconds)
            PongCourt.Advance(state, TimeSpan.FromSeconds(Math.Min(left, Frame.TotalSeconds)), dice);
    }
}
