using System.IO.Pipelines;
using Microsoft.AspNetCore.Connections.Features;

namespace ActorSocket.Transports;

/// <summary>The connection itself. It keeps nothing of the request, which may be over.</summary>
internal sealed class PipeLink(IDuplexPipe pipe, IConnectionLifetimeFeature lifetime, ConnectionTakeover? takeover) : WebSocketLink
{
    public override PipeReader Input => pipe.Input;

    public override Task RunAsync(Func<Task> loop)
    {
        if (takeover is null)
            return loop();
        takeover.GoOnWith(loop);
        return Task.CompletedTask;
    }

    public override void Abort() => lifetime.Abort();

    public override ValueTask WriteAsync(ReadOnlyMemory<byte> frames)
    {
        var write = pipe.Output.WriteAsync(frames);
        return write.IsCompletedSuccessfully ? Check(write.Result) : AwaitAsync(write);
    }

    private static async ValueTask AwaitAsync(ValueTask<FlushResult> write) =>
        await Check(await write.ConfigureAwait(false)).ConfigureAwait(false);

    private static ValueTask Check(FlushResult result) =>
        result.IsCompleted || result.IsCanceled ? throw new IOException("The connection is closed.") : default;
}
