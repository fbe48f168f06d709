namespace ActorSocket.Tests.Infrastructure;

internal static class CancellationTokenExtensions
{
    /// <summary>Completes when it is cancelled.</summary>
    public static async Task WaitAsync(this CancellationToken token)
    {
        var cancelled = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        await using var registration = token.Register(cancelled.SetResult);
        await cancelled.Task.WaitAsync(ServerTest.Patience, CancellationToken.None);
    }
}
