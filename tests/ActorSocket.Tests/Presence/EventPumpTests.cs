using System.Collections.Concurrent;
using ActorSocket.Presence;

namespace ActorSocket.Tests.Presence;

public sealed class EventPumpTests
{
    [Fact]
    public async Task Whoever_wakes_it_everything_is_run_once_one_at_a_time()
    {
        const int Count = 20_000;
        var waiting = new ConcurrentQueue<int>();
        var (running, ran, most) = (0, 0, 0);
        var done = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        var pump = new EventPump<int>(
            waiting.TryDequeue,
            async _ =>
            {
                most = Math.Max(most, ++running);
                if (ran % 100 == 0)
                    await Task.Yield();
                running--;
                if (++ran == Count)
                    done.SetResult();
            }
        );
        await Task.WhenAll(
            Enumerable
                .Range(0, 4)
                .Select(_ =>
                    Task.Run(() =>
                    {
                        for (var i = 0; i < Count / 4; i++)
                        {
                            waiting.Enqueue(i);
                            pump.Wake();
                        }
                    })
                )
        );
        await done.Task.WaitAsync(TimeSpan.FromSeconds(20));
        Assert.Equal((1, Count), (most, ran));
    }
}
