namespace ActorSocket.Hosting;

/// <summary>The end of a server: it closes once, and whoever asks again waits for the same end.</summary>
internal sealed class Closing
{
    private Task? _end;

    /// <param name="close">Closes the server.</param>
    /// <param name="cancellationToken">Ends the wait; the server goes on closing.</param>
    public Task RunAsync(Func<Task> close, CancellationToken cancellationToken)
    {
        var end = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        if (Interlocked.CompareExchange(ref _end, end.Task, null) is { } earlier)
            return earlier.WaitAsync(cancellationToken);
        _ = RunAsync(close, end);
        return end.Task.WaitAsync(cancellationToken);
    }

    private static async Task RunAsync(Func<Task> close, TaskCompletionSource end)
    {
        try
        {
            await close().ConfigureAwait(false);
            end.SetResult();
        }
        catch (Exception error)
        {
            end.SetException(error);
        }
    }
}
