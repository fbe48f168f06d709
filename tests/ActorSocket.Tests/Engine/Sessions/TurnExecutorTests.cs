using Akka.Dispatch;
using ActorSocket.Sessions;

namespace ActorSocket.Tests.Engine.Sessions;

public sealed class TurnExecutorTests
{
    private readonly TurnExecutor _executor = new("test");

    [Fact]
    public async Task Where_no_loop_reads_an_actor_runs_on_the_pool()
    {
        var work = new Work();
        _executor.Execute(work);
        Assert.True((await work.Ran.WaitAsync(ServerTest.Patience)).IsThreadPoolThread);
    }

    private sealed class Work : IRunnable
    {
        private readonly TaskCompletionSource<Thread> _ran = new(TaskCreationOptions.RunContinuationsAsynchronously);

        /// <summary>Where.</summary>
        public Task<Thread> Ran => _ran.Task;

        public void Run() => Assert.True(_ran.TrySetResult(Thread.CurrentThread));

        public void Execute() => Run();
    }
}
