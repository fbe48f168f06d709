using System.Collections.Concurrent;
using Akka.Configuration;
using Akka.Dispatch;
using Microsoft.Extensions.Hosting;

namespace ActorSocket.TestKit;

/// <summary>
/// What the kit has put into one application: found by the application's container, and by what Akka makes of a configuration, which has
/// its number.
/// </summary>
internal sealed class TestKitParts : IDisposable
{
    private const string Key = "actorsocket.testkit";

    private static readonly ConcurrentDictionary<int, TestKitParts> All = new();
    private static int _last;

    private readonly TaskCompletionSource _ended = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly int _number = Interlocked.Increment(ref _last);

    public TestKitParts(VirtualClock? clock)
    {
        Clock = clock;
        All[_number] = this;
    }

    /// <summary>Null where time is real.</summary>
    public VirtualClock? Clock { get; }

    public RunningActors Actors { get; } = new();

    public ServerNotes Notes { get; } = new();

    /// <summary>Completes when the application has ended.</summary>
    public Task Ended => _ended.Task;

    /// <summary>What Akka has to know.</summary>
    public string Hocon => $$"""
        {{Key}} = {{_number}}
        akka.actor.default-dispatcher.executor = "{{NameOf<CountingExecutorConfigurator>()}}"
        akka.actor.internal-dispatcher.executor = "{{NameOf<CountingExecutorConfigurator>()}}"
        {{(Clock is null ? "" : $"akka.scheduler.implementation = \"{NameOf<VirtualScheduler>()}\"")}}
        """;

    public static TestKitParts Of(Config config) => All[config.GetInt(Key)];

    public void Dispose()
    {
        All.TryRemove(_number, out _);
        _ended.TrySetResult();
    }

    private static string NameOf<T>() => $"{typeof(T).FullName}, {typeof(T).Assembly.GetName().Name}";
}

/// <summary>Lets virtual time pass by itself once the application's owner stops it, which takes time; until then it stands still.</summary>
internal sealed class FlowAtTheEnd(TestKitParts parts) : IHostedLifecycleService
{
    public Task StoppingAsync(CancellationToken cancellationToken)
    {
        _ = parts.Clock?.FlowWhileAsync(parts.Ended);
        return Task.CompletedTask;
    }

    public Task StartingAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StartAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StartedAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StoppedAsync(CancellationToken cancellationToken) => Task.CompletedTask;
}

/// <summary>How many actors of a system run, and how often one has: so that a test knows when all have done what they had to do.</summary>
internal sealed class RunningActors
{
    private const int Turns = 5;
    private const int MoreTurns = 50; // on a busy machine time passes without anybody having had a thread

    private int _running;
    private long _runs;

    public void Begin()
    {
        Interlocked.Increment(ref _running);
        Interlocked.Increment(ref _runs);
    }

    public void End() => Interlocked.Decrement(ref _running);

    /// <summary>
    /// Completes when no actor has anything to do, and none has had while what waited for a thread got one: a handler's continuation,
    /// say, which may be about to tell one something.
    /// </summary>
    /// <param name="quiet">For how long, in real time, at least.</param>
    /// <param name="patience">For actors that run and run.</param>
    /// <param name="cancellationToken">Ends the wait.</param>
    public async Task IdleAsync(Func<TimeSpan> quiet, TimeSpan patience, CancellationToken cancellationToken)
    {
        var seen = -1L;
        var turns = 0;
        var since = 0L;
        await Waiting.UntilAsync(
            () =>
            {
                var runs = Interlocked.Read(ref _runs);
                turns = Volatile.Read(ref _running) == 0 && runs == seen ? turns + 1 : 0;
                if (turns == 0)
                    since = TimeProvider.System.GetTimestamp();
                seen = runs;
                return quiet() is { Ticks: > 0 } time
                    ? turns >= MoreTurns && TimeProvider.System.GetElapsedTime(since) >= time
                    : turns >= Turns;
            },
            patience,
            () => new ExpectationException(
                $"Actors are still busy after {patience.TotalSeconds:0.#} s: a handler blocks its thread, or tells itself something again "
                + "and again."),
            cancellationToken
        ).ConfigureAwait(false);
    }
}

/// <summary>Runs actors on the thread pool, as Akka does, and counts them.</summary>
internal sealed class CountingExecutor(string id, RunningActors actors) : ExecutorService(id)
{
    public override void Execute(IRunnable run)
    {
        actors.Begin();
        ThreadPool.UnsafeQueueUserWorkItem(
            static item =>
            {
                try
                {
                    item.Run.Run();
                }
                finally
                {
                    item.Actors.End();
                }
            },
            (Run: run, Actors: actors),
            preferLocal: false);
    }

    public override void Shutdown()
    {
    }
}

/// <summary>How Akka makes one.</summary>
internal sealed class CountingExecutorConfigurator(Config config, IDispatcherPrerequisites prerequisites)
    : ExecutorServiceConfigurator(config, prerequisites)
{
    public override ExecutorService Produce(string id) =>
        new CountingExecutor(id, TestKitParts.Of(Prerequisites.Settings.Config).Actors);
}
