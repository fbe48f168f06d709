using System.Buffers;
using System.Buffers.Text;
using System.Globalization;
using System.Text;
using System.Text.Unicode;

namespace ActorSocket.Protocol.EngineIo;

/// <summary>The long-polling payloads of Engine.IO protocol 3 (E-112, E-113): lengths before packets, in one of two forms.</summary>
internal static class Revision3Payload
{
    private const byte MessageType = 4;

    // payload = *( length ":" packet )          length in UTF-16 units
    public static void WriteText(IBufferWriter<byte> output, ReadOnlySpan<byte> packet)
    {
        WriteLength(output, Encoding.UTF8.GetCharCount(packet), (byte)'0');
        output.Write(":"u8);
        output.Write(packet);
    }

    // payload = *( kind *digit %xFF packet )          kind 0 for text, 1 for binary; each digit is a byte of that value; length in bytes
    public static void WriteBinaryForm(IBufferWriter<byte> output, ReadOnlySpan<byte> text)
    {
        output.Write([(byte)0]);
        WriteLength(output, text.Length, 0);
        output.Write([(byte)0xFF]);
        output.Write(text);
    }

    /// <summary>A binary message, whose type stands before its bytes.</summary>
    public static void WriteBinaryFormOf(IBufferWriter<byte> output, ReadOnlySpan<byte> binary)
    {
        output.Write([(byte)1]);
        WriteLength(output, binary.Length + 1, 0);
        output.Write([(byte)0xFF, MessageType]);
        output.Write(binary);
    }

    /// <summary>A binary packet: its type as a byte of that value, then its data. Only messages are sent so (E-114).</summary>
    public static bool TryReadBinary(ReadOnlySpan<byte> data, out EngineIoPacket packet)
    {
        packet = default;
        if (data.IsEmpty || data[0] != MessageType)
            return false;
        packet = new EngineIoPacket(EngineIoPacketType.Message, [], data[1..].ToArray());
        return true;
    }

    private static void WriteLength(IBufferWriter<byte> output, int length, byte zero)
    {
        var digits = output.GetSpan(10);
        Utf8Formatter.TryFormat(length, digits, out var count);
        for (var i = 0; i < count; i++)
            digits[i] = (byte)(digits[i] - '0' + zero);
        output.Advance(count);
    }
}

/// <summary>Reads the packets of one such payload, in order; what stands before an error is returned first.</summary>
internal ref struct Revision3PayloadReader : IPayloadReader
{
    private const int MaxLengthDigits = 9;

    private readonly bool _binaryForm;
    private readonly int _maxPackets;
    private ReadOnlySpan<byte> _rest;
    private int _count;

    public Revision3PayloadReader(ReadOnlySpan<byte> payload, bool binaryForm, ProtocolLimits limits)
    {
        _rest = payload;
        _binaryForm = binaryForm;
        _maxPackets = limits.MaxPacketsPerPayload;
        Failed = payload.IsEmpty || (!binaryForm && !Utf8.IsValid(payload));
    }

    public bool Failed { get; private set; }

    public bool TryRead(out EngineIoPacket packet)
    {
        packet = default;
        if (Failed || _rest.IsEmpty)
            return false;
        Failed = ++_count > _maxPackets || !(_binaryForm ? TryReadBinaryForm(out packet) : TryReadText(out packet));
        return !Failed;
    }

    private bool TryReadText(out EngineIoPacket packet)
    {
        packet = default;
        var colon = _rest.IndexOf((byte)':');
        if (
            colon is < 1 or > MaxLengthDigits
            || !int.TryParse(_rest[..colon], NumberStyles.None, CultureInfo.InvariantCulture, out var units)
        )
            return false;
        _rest = _rest[(colon + 1)..];
        var end = 0;
        while (units > 0 && end < _rest.Length)
        {
            Rune.DecodeFromUtf8(_rest[end..], out var rune, out var bytes);
            units -= rune.Utf16SequenceLength;
            end += bytes;
        }
        var text = _rest[..end];
        _rest = _rest[end..];
        return units == 0 && EngineIoReader.TryRead(text, out packet, revision3: true);
    }

    private bool TryReadBinaryForm(out EngineIoPacket packet)
    {
        packet = default;
        var mark = _rest.IndexOf((byte)0xFF);
        if (mark is < 2 or > MaxLengthDigits + 1 || _rest[0] > 1)
            return false;
        var length = 0;
        foreach (var digit in _rest[1..mark])
        {
            if (digit > 9)
                return false;
            length = (length * 10) + digit;
        }
        var isText = _rest[0] == 0;
        _rest = _rest[(mark + 1)..];
        if (length > _rest.Length)
            return false;
        var data = _rest[..length];
        _rest = _rest[length..];
        return isText
            ? Utf8.IsValid(data) && EngineIoReader.TryRead(data, out packet, revision3: true)
            : Revision3Payload.TryReadBinary(data, out packet);
    }
}
