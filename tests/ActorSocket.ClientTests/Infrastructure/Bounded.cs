using System.Diagnostics;

namespace ActorSocket.ClientTests.Infrastructure;

/// <summary>Every wait of this project is bounded here, and says what it waited for.</summary>
internal static class Bounded
{
    public static readonly TimeSpan Limit = TimeSpan.FromSeconds(60);

    public static async Task WaitForAsync(this Task task, string what, TimeSpan? limit = null)
    {
        try
        {
            await task.WaitAsync(limit ?? Limit);
        }
        catch (TimeoutException e) when (!task.IsCompleted)
        {
            throw new TimeoutException($"Waited {limit ?? Limit} for {what}.", e);
        }
    }

    public static async Task<T> WaitForAsync<T>(this Task<T> task, string what, TimeSpan? limit = null)
    {
        await ((Task)task).WaitForAsync(what, limit);
        return await task;
    }

    /// <summary>Looks again and again until it is so: for what nobody says when it happens.</summary>
    public static async Task UntilAsync(Func<bool> condition, string what)
    {
        for (var started = Stopwatch.GetTimestamp(); !condition(); await Task.Delay(5))
        {
            if (Stopwatch.GetElapsedTime(started) > Limit)
                throw new TimeoutException($"Waited {Limit} for {what}.");
        }
    }
}
