namespace ActorSocket.Server.Game;

/// <summary>What moves on a court, and the score. Lengths are hundredths of the court's height, times seconds.</summary>
internal sealed class PongState
{
    /// <summary>The left one, and the right one.</summary>
    public PongPlayer[] Players { get; set; } = [new(), new()];

    public PongPhase Phase { get; set; }

    /// <summary>The lobby that the players come from; null before there are any.</summary>
    public string? Lobby { get; set; }

    public double X { get; set; } = PongCourt.Width / 2;

    public double Y { get; set; } = PongCourt.Height / 2;

    public double SpeedX { get; set; }

    public double SpeedY { get; set; }

    /// <summary>For how many seconds the ball rests yet.</summary>
    public double Rest { get; set; } = PongCourt.RestBeforeServe;

    public int PointsToWin { get; set; } = 5;

    /// <summary>Who has won, once it is over; null where nobody has.</summary>
    public int? Winner { get; set; }
}

internal sealed class PongPlayer
{
    public string Name { get; set; } = "";

    public int Score { get; set; }

    /// <summary>The middle of the paddle.</summary>
    public double Paddle { get; set; } = PongCourt.Height / 2;

    /// <summary>Where the player wants to have it.</summary>
    public double Target { get; set; } = PongCourt.Height / 2;

    /// <summary>Whether the player's connection is lost.</summary>
    public bool IsAway { get; set; }
}

internal enum PongPhase
{
    /// <summary>For the players, who have reserved seats.</summary>
    Waiting,
    Playing,

    /// <summary>A player is away.</summary>
    Paused,
    Over,
}

/// <summary>How ball and paddles move: no clock, no network, and the same for the same dice.</summary>
internal static class PongCourt
{
    public const double Width = 160;
    public const double Height = 100;
    public const double PaddleHeight = 20;
    public const double PaddleX = 5; // from its side, the face that the ball meets
    public const double BallRadius = 1.5;
    public const double PaddleSpeed = 160;
    public const double ServeSpeed = 80;
    public const double MostSpeed = 200;
    public const double RestBeforeServe = 1.2;

    /// <summary>A step of the simulation: so short that nothing passes through a paddle.</summary>
    private const double Step = 1.0 / 240;

    /// <summary>What is made up for at most: after a break everything is where it was, not where it would have been.</summary>
    private const double LongestStep = 0.1;

    private const double Faster = 1.06; // with each hit
    private const double Steepest = 1.05; // radians, from the paddle's edge

    /// <returns>Whether somebody has scored.</returns>
    public static bool Advance(PongState state, TimeSpan elapsed, Random dice)
    {
        var hasScored = false;
        for (var left = Math.Min(elapsed.TotalSeconds, LongestStep); left > 0 && state.Phase == PongPhase.Playing; left -= Step)
            hasScored |= Advance(state, Math.Min(left, Step), dice);
        return hasScored;
    }

    /// <summary>Puts the ball into the middle, where it rests for a moment.</summary>
    public static void Rest(PongState state, double seconds = RestBeforeServe)
    {
        (state.X, state.Y, state.SpeedX, state.SpeedY) = (Width / 2, Height / 2, 0, 0);
        state.Rest = seconds;
    }

    private static bool Advance(PongState state, double seconds, Random dice)
    {
        foreach (var player in state.Players)
        {
            var way = Math.Clamp(player.Target, PaddleHeight / 2, Height - (PaddleHeight / 2)) - player.Paddle;
            player.Paddle += Math.Clamp(way, -PaddleSpeed * seconds, PaddleSpeed * seconds);
        }
        if (state.Rest > 0)
        {
            state.Rest = Math.Max(0, state.Rest - seconds);
            return false;
        }
        if (state is { SpeedX: 0, SpeedY: 0 })
            Serve(state, dice);
        state.X += state.SpeedX * seconds;
        state.Y += state.SpeedY * seconds;
        if (state.Y < BallRadius || state.Y > Height - BallRadius)
        {
            state.Y = Math.Clamp(state.Y, BallRadius, Height - BallRadius);
            state.SpeedY = -state.SpeedY;
        }
        MeetPaddle(state, state.Players[0], PaddleX + BallRadius, isLeft: true);
        MeetPaddle(state, state.Players[1], Width - PaddleX - BallRadius, isLeft: false);
        if (state.X > -BallRadius && state.X < Width + BallRadius)
            return false;
        Score(state, state.X < 0 ? 1 : 0);
        return true;
    }

    private static void Serve(PongState state, Random dice)
    {
        var angle = (dice.NextDouble() - 0.5) * Steepest;
        (state.SpeedX, state.SpeedY) = (Math.Cos(angle) * ServeSpeed * (dice.Next(2) == 0 ? 1 : -1), Math.Sin(angle) * ServeSpeed);
    }

    private static void MeetPaddle(PongState state, PongPlayer player, double face, bool isLeft)
    {
        var isComing = isLeft ? state.SpeedX < 0 : state.SpeedX > 0;
        var isThere = isLeft
            ? state.X <= face && state.X > face - (2 * BallRadius)
            : state.X >= face && state.X < face + (2 * BallRadius);
        var offset = (state.Y - player.Paddle) / ((PaddleHeight / 2) + BallRadius);
        if (!isComing || !isThere || Math.Abs(offset) > 1)
            return;
        var speed = Math.Min(Math.Sqrt((state.SpeedX * state.SpeedX) + (state.SpeedY * state.SpeedY)) * Faster, MostSpeed);
        var angle = offset * Steepest;
        state.X = face;
        (state.SpeedX, state.SpeedY) = (Math.Cos(angle) * speed * (isLeft ? 1 : -1), Math.Sin(angle) * speed);
    }

    private static void Score(PongState state, int side)
    {
        Rest(state);
        if (++state.Players[side].Score < state.PointsToWin)
            return;
        (state.Phase, state.Winner) = (PongPhase.Over, side);
    }
}
