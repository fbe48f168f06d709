using System.IO.Pipelines;
using ActorSocket.EventLoops;

namespace ActorSocket.Transports;

/// <summary>
/// A connection on an event loop, which feeds who reads from its own buffer; what is written is sent by who writes. Once it is fed, it
/// keeps nothing of Kestrel's connection.
/// </summary>
internal sealed class LoopLink(ILoopConnection connection, PipeReader input, ConnectionTakeover takeover) : WebSocketLink
{
    private readonly ILoopSocket _socket = connection.Socket;
    private ILoopConnection? _connection = connection;
    private PipeReader? _input = input;
    private ConnectionTakeover? _takeover = takeover;

    /// <summary>For who relays bytes as they are.</summary>
    public override PipeReader Input => _input!;

    public override Task RunAsync(Func<Task> loop)
    {
        _takeover!.GoOnWith(loop);
        return Task.CompletedTask;
    }

    public override Task FeedAsync(IByteReceiver receiver)
    {
        _takeover!.GoOnWithout(_connection!, receiver);
        _connection = null;
        _input = null;
        _takeover = null;
        return Task.CompletedTask;
    }

    public override void Wake() => _socket.Wake();

    public override void Abort() => _socket.Abort();

    public override ValueTask WriteAsync(ReadOnlyMemory<byte> frames) => _socket.WriteAsync(frames);
}
