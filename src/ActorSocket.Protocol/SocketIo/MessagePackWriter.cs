using System.Buffers;
using System.Buffers.Binary;
using System.Text;
using System.Text.Json;

namespace ActorSocket.Protocol.SocketIo;

/// <summary>Writes JSON values as MessagePack (github.com/msgpack/msgpack, spec.md), placeholders as the binary they stand for.</summary>
internal readonly ref struct MessagePackWriter(IBufferWriter<byte> output, IReadOnlyList<byte[]> attachments, long firstNumber)
{
    public void Write(JsonElement value)
    {
        switch (value.ValueKind)
        {
            case JsonValueKind.Object when IsPlaceholder(value, out var number) && number < 0:
                output.Write([(byte)0xD4, (byte)0, (byte)0]); // undefined
                break;
            case JsonValueKind.Object when IsPlaceholder(value, out var number):
                WriteHeader(0xC4, 0xC5, 0xC6, attachments[number].Length);
                output.Write(attachments[number]);
                break;
            case JsonValueKind.Object:
                WriteMapHeader(value.GetPropertyCount());
                foreach (var property in value.EnumerateObject())
                {
                    WriteString(Encoding.UTF8.GetBytes(property.Name));
                    Write(property.Value);
                }
                break;
            case JsonValueKind.Array:
                WriteArrayHeader(value.GetArrayLength());
                foreach (var item in value.EnumerateArray())
                    Write(item);
                break;
            case JsonValueKind.String:
                WriteString(Encoding.UTF8.GetBytes(value.GetString()!));
                break;
            case JsonValueKind.Number when value.TryGetInt64(out var integer):
                WriteInteger(integer);
                break;
            case JsonValueKind.Number:
                WriteByte(0xCB);
                BinaryPrimitives.WriteDoubleBigEndian(output.GetSpan(8), value.GetDouble());
                output.Advance(8);
                break;
            default:
                WriteByte(value.ValueKind switch { JsonValueKind.True => 0xC3, JsonValueKind.False => 0xC2, _ => 0xC0 });
                break;
        }
    }

    public void WriteMapHeader(int count)
    {
        if (count < 16)
            WriteByte((byte)(0x80 | count));
        else
            WriteHeader(0, 0xDE, 0xDF, count);
    }

    public void WriteString(ReadOnlySpan<byte> utf8)
    {
        if (utf8.Length < 32)
            WriteByte((byte)(0xA0 | utf8.Length));
        else
            WriteHeader(0xD9, 0xDA, 0xDB, utf8.Length);
        output.Write(utf8);
    }

    public void WriteInteger(long value)
    {
        switch (value)
        {
            case >= -32 and < 128:
                WriteByte((byte)value);
                break;
            case >= 0 and <= uint.MaxValue:
                WriteHeader(0xCC, 0xCD, 0xCE, (uint)value);
                break;
            case >= int.MinValue and < 0:
                WriteByte(0xD2);
                BinaryPrimitives.WriteInt32BigEndian(output.GetSpan(4), (int)value);
                output.Advance(4);
                break;
            default:
                WriteByte(0xD3);
                BinaryPrimitives.WriteInt64BigEndian(output.GetSpan(8), value);
                output.Advance(8);
                break;
        }
    }

    private void WriteArrayHeader(int count)
    {
        if (count < 16)
            WriteByte((byte)(0x90 | count));
        else
            WriteHeader(0, 0xDC, 0xDD, count);
    }

    /// <summary>A number of 8 bits (unless that form does not exist), 16 or 32 behind its marker.</summary>
    private void WriteHeader(byte marker8, byte marker16, byte marker32, long value)
    {
        var span = output.GetSpan(5);
        if (marker8 != 0 && value <= byte.MaxValue)
        {
            span[0] = marker8;
            span[1] = (byte)value;
            output.Advance(2);
        }
        else if (value <= ushort.MaxValue)
        {
            span[0] = marker16;
            BinaryPrimitives.WriteUInt16BigEndian(span[1..], (ushort)value);
            output.Advance(3);
        }
        else
        {
            span[0] = marker32;
            BinaryPrimitives.WriteUInt32BigEndian(span[1..], (uint)value);
            output.Advance(5);
        }
    }

    private void WriteByte(byte value) => output.Write([value]);

    private bool IsPlaceholder(JsonElement value, out int number)
    {
        number = -1;
        if (
            (attachments.Count == 0 && firstNumber == 0)
            || !value.TryGetProperty("_placeholder"u8, out var mark)
            || mark.ValueKind != JsonValueKind.True
        )
            return false;
        if (!value.TryGetProperty("num"u8, out var num) || num.ValueKind != JsonValueKind.Number || !num.TryGetInt64(out var given))
            return false;
        var index = given - firstNumber;
        if (index < (firstNumber == 0 ? 0 : -1) || index >= attachments.Count)
            return false;
        number = (int)index;
        return true;
    }
}
