using System.IO.Pipelines;
using System.Net.WebSockets;
using System.Runtime.InteropServices;
using ActorSocket.Protocol.WebSockets;
using Microsoft.AspNetCore.Http;

namespace ActorSocket.Transports;

/// <summary>
/// A ready-made <see cref="WebSocket"/> (HTTP/2, TestServer) in the shape of a connection's pipes: what it receives is framed again,
/// unmasked bit set and all, so that one read loop serves both. Off the hot path, where a copy more does not matter.
/// </summary>
#pragma warning disable CA1001 // a semaphore whose wait handle is never asked for holds nothing
internal sealed class ManagedLink : WebSocketLink
#pragma warning restore CA1001
{
    private readonly WebSocket _webSocket;
    private readonly HttpContext _context;
    private readonly Pipe _pipe = new(new PipeOptions(pauseWriterThreshold: 64 * 1024, resumeWriterThreshold: 32 * 1024));
    private readonly SemaphoreSlim _sending = new(1);
    private readonly int _compressFrom;

    /// <param name="webSocket">What to adapt.</param>
    /// <param name="context">The request.</param>
    /// <param name="compressFrom">The size from which it compresses a message; null when it cannot.</param>
    public ManagedLink(WebSocket webSocket, HttpContext context, int? compressFrom = null)
    {
        _webSocket = webSocket;
        _context = context;
        _compressFrom = compressFrom ?? int.MaxValue;
        _ = ReceiveAsync();
    }

    public override PipeReader Input => _pipe.Reader;

    public override bool Compresses => _compressFrom < int.MaxValue;

    public override bool Refragments => true;

    public override void Abort() => _context.Abort();

    public override void Release() => _webSocket.Dispose(); // the compressors' memory is not the collector's

    public override async ValueTask WriteAsync(ReadOnlyMemory<byte> frames)
    {
        await _sending.WaitAsync().ConfigureAwait(false);
        try
        {
            while (frames.Length > 0)
            {
                var (opcode, payload, plain) = Split(ref frames);
                if (opcode == FrameWriter.OpClose)
                {
                    // WebSocketCloseStatus.Empty would send the code 1005, which no peer accepts.
                    var code =
                        payload.Length >= 2
                            ? (WebSocketCloseStatus)((payload.Span[0] << 8) | payload.Span[1])
                            : WebSocketCloseStatus.NormalClosure;
                    await _webSocket.CloseOutputAsync(code, null, CancellationToken.None).ConfigureAwait(false);
                }
                else if (opcode is FrameWriter.OpText or FrameWriter.OpBinary) // pongs are its own business
                {
                    var type = opcode == FrameWriter.OpText ? WebSocketMessageType.Text : WebSocketMessageType.Binary;
                    var flags =
                        plain || payload.Length < _compressFrom
                            ? WebSocketMessageFlags.EndOfMessage | WebSocketMessageFlags.DisableCompression
                            : WebSocketMessageFlags.EndOfMessage;
                    await _webSocket.SendAsync(payload, type, flags, CancellationToken.None).ConfigureAwait(false);
                }
            }
        }
        catch (WebSocketException error)
        {
            throw new IOException(error.Message, error); // as of any other link whose connection breaks
        }
        finally
        {
            _sending.Release();
        }
    }

    private static (byte Opcode, ReadOnlyMemory<byte> Payload, bool Plain) Split(ref ReadOnlyMemory<byte> frames)
    {
        var span = frames.Span;
        var (header, length) = span[1] switch
        {
            126 => (4, System.Buffers.Binary.BinaryPrimitives.ReadUInt16BigEndian(span[2..])),
            127 => (10, (int)System.Buffers.Binary.BinaryPrimitives.ReadUInt64BigEndian(span[2..])),
            var small => (2, small),
        };
        var opcode = (byte)(span[0] & 0x0F);
        var plain = (span[0] & FrameWriter.PlainMark) != 0;
        var payload = frames.Slice(header, length);
        frames = frames[(header + length)..];
        return (opcode, payload, plain);
    }

    private async Task ReceiveAsync()
    {
        Exception? failure = null;
        try
        {
            var buffer = new byte[FragmentSize];
            var first = true;
            while (true)
            {
                var received = await _webSocket.ReceiveAsync(buffer.AsMemory(), CancellationToken.None).ConfigureAwait(false);
                if (received.MessageType == WebSocketMessageType.Close)
                {
                    var code = (int)(_webSocket.CloseStatus ?? WebSocketCloseStatus.Empty);
                    WriteFrame(FrameWriter.OpClose, true, code == (int)WebSocketCloseStatus.Empty ? [] : [(byte)(code >> 8), (byte)code]);
                    await _pipe.Writer.FlushAsync().ConfigureAwait(false);
                    break;
                }
                var opcode =
                    !first ? FrameWriter.OpContinuation
                    : received.MessageType == WebSocketMessageType.Text ? FrameWriter.OpText
                    : FrameWriter.OpBinary;
                WriteFrame(opcode, received.EndOfMessage, buffer.AsSpan(0, received.Count));
                first = received.EndOfMessage;
                if ((await _pipe.Writer.FlushAsync().ConfigureAwait(false)).IsCompleted)
                    break;
            }
        }
        catch (Exception error)
        {
            failure = error is WebSocketException ? new IOException(error.Message, error) : error;
        }
        await _pipe.Writer.CompleteAsync(failure).ConfigureAwait(false);
    }

    private void WriteFrame(byte opcode, bool final, ReadOnlySpan<byte> payload)
    {
        // Masked with a key of zeros, as the reader expects a client's frames.
        var header = FrameWriter.HeaderSize(payload.Length);
        var target = _pipe.Writer.GetSpan(header + 4 + payload.Length);
        FrameWriter.WriteHeader(target, opcode, payload.Length);
        if (!final)
            target[0] &= 0x7F;
        target[1] |= 0x80;
        MemoryMarshal.Write(target[header..], 0);
        payload.CopyTo(target[(header + 4)..]);
        _pipe.Writer.Advance(header + 4 + payload.Length);
    }
}
