namespace ActorSocket.TestKit;

/// <summary>
/// Waits for what nobody says when it happens, inside of one process: it looks again as soon as others have had their turn.
/// </summary>
internal static class Waiting
{
    private const int Eager = 1000;
    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(1);

    /// <param name="condition">What is waited for.</param>
    /// <param name="patience">Real time.</param>
    /// <param name="late">What is thrown then; null for nothing.</param>
    /// <param name="cancellationToken">Ends the wait.</param>
    public static async Task UntilAsync(
        Func<bool> condition, TimeSpan patience, Func<Exception?> late, CancellationToken cancellationToken)
    {
        var start = TimeProvider.System.GetTimestamp();
        for (var looks = 0; !condition(); looks++)
        {
            cancellationToken.ThrowIfCancellationRequested();
            if (TimeProvider.System.GetElapsedTime(start) > patience)
            {
                if (late() is { } error)
                    throw error;
                return;
            }
            if (looks < Eager)
                await TurnAsync().ConfigureAwait(false);
            else
                await Task.Delay(Pause, TimeProvider.System, cancellationToken).ConfigureAwait(false);
        }
    }

    /// <summary>Completes behind what waits for a thread now.</summary>
    public static Task TurnAsync() => Task.Run(static () => { });
}
