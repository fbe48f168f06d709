using System.Buffers;
using System.Buffers.Binary;
using System.Numerics;
using System.Runtime.InteropServices;
using System.Text.Unicode;

namespace ActorSocket.Protocol.WebSockets;

/// <summary>The outcome of <see cref="FrameReader.Read"/>.</summary>
internal enum FrameResult { NeedMore, Text, Binary, Ping, Pong, Close, Error }

/// <summary>One message; the data is valid until the next read.</summary>
internal readonly ref struct WebSocketMessage(ReadOnlySpan<byte> data, int closeCode = 0)
{
    public ReadOnlySpan<byte> Data { get; } = data;

    /// <summary>Of a close frame: its code, 1005 when it has none.</summary>
    public int CloseCode { get; } = closeCode;
}

/// <summary>
/// Reads the client's WebSocket frames (RFC 6455 §5) out of received bytes. A frame that lies whole in one segment is unmasked in place and
/// handed out without a copy; anything else is put together in a buffer that grows with what has arrived, never with what was announced.
/// </summary>
/// <remarks>One per connection, used by one thread at a time.</remarks>
internal sealed class FrameReader(ProtocolLimits limits) : IDisposable
{
    private const int MaxHeader = 14;
    private const int MaxControlPayload = 125;

    private byte[]? _assembly;
    private int _assembled;
    private bool _delivered;
    private byte _messageOpcode;
    private int _fragments;
    private byte[]? _control;

    // The data frame whose payload is being taken in.
    private long _remaining = -1;
    private uint _mask;
    private bool _fin;

    /// <summary>The close code for an <see cref="FrameResult.Error"/>.</summary>
    public int ErrorCode { get; private set; }

    /// <summary>What was wrong.</summary>
    public string ErrorText { get; private set; } = "";

    /// <summary>
    /// Takes the next message, or what there is of it, out of <paramref name="buffer"/>, which is advanced past what was consumed.
    /// </summary>
    public FrameResult Read(ref ReadOnlySequence<byte> buffer, out WebSocketMessage message)
    {
        message = default;
        if (_delivered)
            Release();
        while (true)
        {
            if (_remaining < 0)
            {
                var result = ReadHeader(ref buffer, out message);
                if (result is not null)
                    return result.Value;
            }
            if (!TakePayload(ref buffer))
                return FrameResult.NeedMore;
            _remaining = -1;
            if (_fin)
                return Deliver(_assembly.AsSpan(0, _assembled), out message);
        }
    }

    public void Dispose() => Release();

    // frame = FIN RSV1-3 opcode(4)  MASK length(7) [length(16 / 64)]  masking-key(32)  payload          RFC 6455 §5.2
    private FrameResult? ReadHeader(ref ReadOnlySequence<byte> buffer, out WebSocketMessage message)
    {
        message = default;
        Span<byte> header = stackalloc byte[MaxHeader];
        var available = (int)Math.Min(buffer.Length, MaxHeader);
        buffer.Slice(0, available).CopyTo(header);
        if (available < 2)
            return FrameResult.NeedMore;
        var opcode = (byte)(header[0] & 0x0F);
        var fin = (header[0] & 0x80) != 0;
        if ((header[0] & 0x70) != 0)
            return Fail(1002, "a reserved bit is set");
        if (opcode is (> FrameWriter.OpBinary and < FrameWriter.OpClose) or > FrameWriter.OpPong)
            return Fail(1002, "unknown opcode");
        if ((header[1] & 0x80) == 0)
            return Fail(1002, "a client's frame is not masked");
        var size = (header[1] & 0x7F) switch { 126 => 8, 127 => 14, _ => 6 };
        if (available < size)
            return FrameResult.NeedMore;
        var length = size switch
        {
            8 => BinaryPrimitives.ReadUInt16BigEndian(header[2..]),
            14 => BinaryPrimitives.ReadUInt64BigEndian(header[2..]),
            _ => (ulong)(header[1] & 0x7F),
        };
        var mask = MemoryMarshal.Read<uint>(header[(size - 4)..]);
        if (opcode >= FrameWriter.OpClose)
            return ReadControl(ref buffer, opcode, fin, length, size, mask, out message);
        if (opcode == FrameWriter.OpContinuation && _messageOpcode == 0)
            return Fail(1002, "a continuation without a message");
        if (opcode != FrameWriter.OpContinuation && _messageOpcode != 0)
            return Fail(1002, "a new message inside a fragmented one");
        if (length > (ulong)(limits.MaxMessageBytes - _assembled))
            return Fail(1009, "the message is too big");
        if (++_fragments > limits.MaxFragments)
            return Fail(1008, "too many fragments");
        if (opcode != FrameWriter.OpContinuation)
            _messageOpcode = opcode;
        buffer = buffer.Slice(size);
        _fin = fin;
        if (fin && _assembled == 0 && (ulong)buffer.FirstSpan.Length >= length)
        {
            // The memory is the pipe's; nobody reads it again before it is overwritten, so it can be unmasked where it is.
            var payload = MemoryMarshal.AsMemory(buffer.First[..(int)length]).Span;
            Unmask(payload, mask);
            buffer = buffer.Slice((long)length);
            return Deliver(payload, out message);
        }
        _remaining = (long)length;
        _mask = mask;
        return null;
    }

    private FrameResult ReadControl(
        ref ReadOnlySequence<byte> buffer,
        byte opcode,
        bool fin,
        ulong length,
        int headerSize,
        uint mask,
        out WebSocketMessage message
    )
    {
        message = default;
        if (!fin || length > MaxControlPayload)
            return Fail(1002, "a control frame is fragmented or too long");
        if (buffer.Length < headerSize + (int)length)
            return FrameResult.NeedMore;
        var payload = (_control ??= new byte[MaxControlPayload]).AsSpan(0, (int)length);
        buffer.Slice(headerSize, (int)length).CopyTo(payload);
        buffer = buffer.Slice(headerSize + (int)length);
        Unmask(payload, mask);
        if (opcode != FrameWriter.OpClose)
        {
            message = new WebSocketMessage(payload);
            return opcode == FrameWriter.OpPing ? FrameResult.Ping : FrameResult.Pong;
        }
        if (payload.Length == 0)
        {
            message = new WebSocketMessage([], 1005);
            return FrameResult.Close;
        }
        var code = payload.Length == 1 ? 0 : BinaryPrimitives.ReadUInt16BigEndian(payload);
        if (code is not ((>= 1000 and <= 1003) or (>= 1007 and <= 1014) or (>= 3000 and <= 4999)))
            return Fail(1002, "an invalid close code");
        if (!Utf8.IsValid(payload[2..]))
            return Fail(1007, "a close reason that is no UTF-8");
        message = new WebSocketMessage(payload[2..], code);
        return FrameResult.Close;
    }

    /// <summary>True when the frame's payload is complete.</summary>
    private bool TakePayload(ref ReadOnlySequence<byte> buffer)
    {
        var take = (int)Math.Min(buffer.Length, _remaining);
        if (take > 0)
        {
            EnsureRoom(take);
            var part = _assembly.AsSpan(_assembled, take);
            buffer.Slice(0, take).CopyTo(part);
            Unmask(part, _mask);
            _mask = BitConverter.IsLittleEndian
                ? BitOperations.RotateRight(_mask, 8 * (take & 3))
                : BitOperations.RotateLeft(_mask, 8 * (take & 3));
            _assembled += take;
            _remaining -= take;
            buffer = buffer.Slice(take);
        }
        return _remaining == 0;
    }

    private FrameResult Deliver(ReadOnlySpan<byte> data, out WebSocketMessage message)
    {
        message = default;
        var text = _messageOpcode == FrameWriter.OpText;
        _messageOpcode = 0;
        _fragments = 0;
        _delivered = true;
        if (text && !Utf8.IsValid(data))
            return Fail(1007, "text that is no UTF-8");
        message = new WebSocketMessage(data);
        return text ? FrameResult.Text : FrameResult.Binary;
    }

    private FrameResult Fail(int code, string text)
    {
        ErrorCode = code;
        ErrorText = text;
        return FrameResult.Error;
    }

    private void EnsureRoom(int more)
    {
        var needed = _assembled + more;
        if (_assembly is not null && _assembly.Length >= needed)
            return;
        var larger = ArrayPool<byte>.Shared.Rent(Math.Max(needed, (_assembly?.Length ?? 0) * 2));
        if (_assembly is not null)
        {
            _assembly.AsSpan(0, _assembled).CopyTo(larger);
            ArrayPool<byte>.Shared.Return(_assembly);
        }
        _assembly = larger;
    }

    private void Release()
    {
        _delivered = false;
        _assembled = 0;
        if (_assembly is null)
            return;
        ArrayPool<byte>.Shared.Return(_assembly);
        _assembly = null;
    }

    private static void Unmask(Span<byte> data, uint mask)
    {
        var words = MemoryMarshal.Cast<byte, Vector<byte>>(data);
        var at = 0;
        if (words.Length > 0)
        {
            var wide = Vector.AsVectorByte(new Vector<uint>(mask));
            foreach (ref var word in words)
                word ^= wide;
            at = words.Length * Vector<byte>.Count;
        }
        Span<byte> key = stackalloc byte[4];
        MemoryMarshal.Write(key, mask);
        for (; at < data.Length; at++)
            data[at] ^= key[at & 3];
    }
}
