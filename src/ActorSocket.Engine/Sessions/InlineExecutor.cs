using Akka.Configuration;
using Akka.Dispatch;

namespace ActorSocket.Sessions;

/// <summary>
/// Runs an actor that a read has woken on the thread that has read, once the read is over, and any other on the thread pool. For
/// Socket.IO's sockets, with the option <c>InlineHandlers</c>. (Configured in hocon/reference.conf.)
/// </summary>
/// <remarks>At most one actor a read, and nothing that actor tells: whoever it waits for runs elsewhere.</remarks>
internal sealed class InlineExecutor(string id) : ExecutorService(id)
{
    public const string Dispatcher = "actorsocket.inline-dispatcher";

    private static readonly ExecutionContext? Clean = NewThreadsContext();

    [ThreadStatic] private static bool _keeps;
    [ThreadStatic] private static IRunnable? _kept;

    /// <summary>From here to <see cref="End"/> the first actor that this thread wakes is kept for <see cref="RunKept"/>.</summary>
    public static void Begin() => _keeps = true;

    public static void End() => _keeps = false;

    /// <summary>
    /// In no execution context, as on the pool: what is ambient in the request that became a WebSocket is not the handlers', nor what one
    /// of them sets the next one's.
    /// </summary>
    public static void RunKept()
    {
        if (_kept is not { } kept)
            return;
        _kept = null;
        var own = ExecutionContext.Capture();
        if (Clean is not null)
            ExecutionContext.Restore(Clean);
        try
        {
            kept.Run();
        }
        finally
        {
            if (own is not null)
                ExecutionContext.Restore(own);
        }
    }

    public override void Execute(IRunnable run)
    {
        if (_keeps && _kept is null)
            _kept = run;
        else
            ThreadPool.UnsafeQueueUserWorkItem(static run => run.Run(), run, preferLocal: false);
    }

    public override void Shutdown()
    {
    }

    private static ExecutionContext? NewThreadsContext()
    {
        ExecutionContext? context = null;
        var thread = new Thread(() => context = ExecutionContext.Capture());
        thread.UnsafeStart();
        thread.Join();
        return context;
    }
}

/// <summary>How Akka makes one.</summary>
internal sealed class InlineExecutorConfigurator(Config config, IDispatcherPrerequisites prerequisites)
    : ExecutorServiceConfigurator(config, prerequisites)
{
    public override ExecutorService Produce(string id) => new InlineExecutor(id);
}
