using ActorSocket.EventLoops;
using Akka.Configuration;
using Akka.Dispatch;

namespace ActorSocket.Sessions;

/// <summary>
/// Runs an actor that an event loop's read has woken as that event's turn, and any other on the thread pool. For Socket.IO's sockets, where
/// there are event loops. (Configured in hocon/reference.conf.)
/// </summary>
/// <remarks>At most one actor a read, and nothing that actor tells: whoever it waits for runs elsewhere.</remarks>
internal sealed class TurnExecutor(string id) : ExecutorService(id)
{
    public const string Dispatcher = "actorsocket.turn-dispatcher";

    public override void Execute(IRunnable run)
    {
        if (!Turn.TryKeep(static run => ((IRunnable)run!).Run(), run))
            ThreadPool.UnsafeQueueUserWorkItem(static run => run.Run(), run, preferLocal: false);
    }

    public override void Shutdown()
    {
    }
}

/// <summary>How Akka makes one.</summary>
internal sealed class TurnExecutorConfigurator(Config config, IDispatcherPrerequisites prerequisites)
    : ExecutorServiceConfigurator(config, prerequisites)
{
    public override ExecutorService Produce(string id) => new TurnExecutor(id);
}
