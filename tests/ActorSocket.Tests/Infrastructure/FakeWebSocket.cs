using System.Threading.Channels;
using ActorSocket.Delivery;
using ActorSocket.Protocol.EngineIo;
using ActorSocket.Sessions;

namespace ActorSocket.Tests.Infrastructure;

/// <summary>A WebSocket that only records what it is told.</summary>
internal sealed class FakeWebSocket : ITransport, IOutboundSink
{
    private readonly Channel<string> _written = Channel.CreateUnbounded<string>();

    public TaskCompletionSource Closed { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);

    public TaskCompletionSource Refused { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);

    /// <summary>Writes wait for this.</summary>
    public Task Gate { get; set; } = Task.CompletedTask;

    /// <summary>How often it was written to, however many frames.</summary>
    public int Writes { get; private set; }

    public IOutboundSink Sink => this;

    public WireForm Form => WireForm.Standard;

    public void Close() => Closed.TrySetResult();

    public void Refuse() => Refused.TrySetResult();

    public async ValueTask WriteAsync(ReadOnlyMemory<byte> frames)
    {
        Writes++; // one write at a time
        var bytes = frames.ToArray();
        await Gate;
        while (bytes.Length > 0)
        {
            var length = bytes[1] < 126 ? bytes[1] : (bytes[2] << 8) | bytes[3];
            var header = bytes[1] < 126 ? 2 : 4;
            Assert.True(bytes[1] <= 126, "tests use small frames");
            var payload = bytes.AsSpan(header, length);
            _written.Writer.TryWrite((bytes[0] & 0x0F) switch
            {
                1 => System.Text.Encoding.UTF8.GetString(payload),
                2 => "<" + Convert.ToHexString(payload) + ">",
                8 => payload.Length < 2 ? "close" : "close " + ((payload[0] << 8) | payload[1]),
                var opcode => "opcode " + opcode,
            });
            bytes = bytes[(header + length)..];
        }
    }

    /// <summary>The next frame that was written.</summary>
    public async Task<string> NextAsync() => await _written.Reader.ReadAsync().AsTask().WaitAsync(ServerTest.Patience);

    public bool WroteNothing => !_written.Reader.TryPeek(out _);
}
