using System.Diagnostics;

namespace ActorSocket.Tests.Infrastructure;

/// <summary>What code allocates when it has run in.</summary>
internal static class Allocations
{
    private const int Rounds = 200;

    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(20);

    /// <summary>
    /// What this thread allocates each time at best: a queue that grows once, a tier of the JIT that is not there yet, are not what a
    /// message costs. The better tier comes when the machine has time for it: until then it is tried again.
    /// </summary>
    /// <param name="most">So much is expected, and ends the trying. Bytes.</param>
    /// <param name="action">What is counted.</param>
    public static long Of(long most, Action action)
    {
        var began = Stopwatch.GetTimestamp();
        var least = long.MaxValue;
        do
        {
            for (var i = 0; i < Rounds; i++)
            {
                var before = GC.GetAllocatedBytesForCurrentThread();
                action();
                least = Math.Min(least, GC.GetAllocatedBytesForCurrentThread() - before);
            }
        }
        while (least > most && Stopwatch.GetElapsedTime(began) < Patience);
        return least;
    }
}
