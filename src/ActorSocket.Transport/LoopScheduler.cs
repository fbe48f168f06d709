using System.IO.Pipelines;
using Pool = System.Threading.ThreadPool;

namespace ActorSocket.EventLoops;

/// <summary>Runs what reads a connection's pipe as the turn of the event that has filled it; where there is none, on the pool.</summary>
internal sealed class LoopScheduler : PipeScheduler
{
    private readonly TurnKind _http = new("An HTTP request");

    public override void Schedule(Action<object?> action, object? state)
    {
        if (!Turn.TryKeep(action, state, _http, _http.IsAside))
            Pool.UnsafeQueueUserWorkItem(static work => work.action(work.state), (action, state), preferLocal: false);
    }
}
