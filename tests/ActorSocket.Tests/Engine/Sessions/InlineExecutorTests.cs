using Akka.Dispatch;
using ActorSocket.Sessions;

namespace ActorSocket.Tests.Engine.Sessions;

public sealed class InlineExecutorTests
{
    private readonly InlineExecutor _executor = new("test");

    [Fact]
    public async Task What_a_read_wakes_first_runs_on_its_thread_and_the_rest_on_the_pool()
    {
        var other = new Work(static () => { });
        var first = new Work(() => _executor.Execute(other)); // whom it tells does not wait for it
        var second = new Work(static () => { });
        InlineExecutor.Begin();
        _executor.Execute(first);
        _executor.Execute(second);
        InlineExecutor.End();
        Assert.False(first.Ran.IsCompleted);
        InlineExecutor.RunKept();
        Assert.Same(Thread.CurrentThread, await first.Ran);
        foreach (var elsewhere in new[] { second, other })
            Assert.True((await elsewhere.Ran.WaitAsync(ServerTest.Patience)).IsThreadPoolThread);
        InlineExecutor.RunKept(); // once
    }

    [Fact]
    public async Task Outside_of_a_read_nothing_is_kept()
    {
        var work = new Work(static () => { });
        var reader = new Thread(() =>
        {
            _executor.Execute(work);
            InlineExecutor.RunKept();
        });
        reader.Start();
        Assert.True((await work.Ran.WaitAsync(ServerTest.Patience)).IsThreadPoolThread);
    }

    [Fact]
    public void What_is_ambient_where_a_read_runs_is_not_where_a_handler_runs_nor_the_other_way_round()
    {
        var ambient = new AsyncLocal<string?> { Value = "the request" };
        string? seen = "nothing";
        InlineExecutor.Begin();
        _executor.Execute(new Work(() =>
        {
            seen = ambient.Value;
            ambient.Value = "a handler";
        }));
        InlineExecutor.End();
        InlineExecutor.RunKept();
        Assert.Null(seen);
        Assert.Equal("the request", ambient.Value);
    }

    private sealed class Work(Action run) : IRunnable
    {
        private readonly TaskCompletionSource<Thread> _ran = new(TaskCreationOptions.RunContinuationsAsynchronously);

        /// <summary>Where.</summary>
        public Task<Thread> Ran => _ran.Task;

        public void Run()
        {
            run();
            Assert.True(_ran.TrySetResult(Thread.CurrentThread));
        }

        public void Execute() => Run();
    }
}
