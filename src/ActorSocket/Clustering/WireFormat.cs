using System.Buffers;
using System.Text;

namespace ActorSocket.Clustering;

/// <summary>
/// Writes the fields of one message between nodes, in order: integers as base-128 varints, texts and bytes with their length before them. A newer version
/// appends fields, which an older one does not read; see <see cref="WireReader"/>.
/// </summary>
internal readonly struct WireWriter(ArrayBufferWriter<byte> output)
{
    public WireWriter Number(long value)
    {
        var rest = (ulong)value;
        var span = output.GetSpan(10);
        var at = 0;
        for (; rest >= 0x80; rest >>= 7)
            span[at++] = (byte)(rest | 0x80);
        span[at++] = (byte)rest;
        output.Advance(at);
        return this;
    }

    public WireWriter Flag(bool value) => Number(value ? 1 : 0);

    public WireWriter Bytes(ReadOnlySpan<byte> value)
    {
        Number(value.Length);
        output.Write(value);
        return this;
    }

    public WireWriter Text(string value)
    {
        var length = Encoding.UTF8.GetByteCount(value);
        Number(length);
        Encoding.UTF8.GetBytes(value, output.GetSpan(length));
        output.Advance(length);
        return this;
    }

    public WireWriter Texts(IReadOnlyCollection<string> values)
    {
        Number(values.Count);
        foreach (var value in values)
            Text(value);
        return this;
    }

    public WireWriter ByteArrays(IReadOnlyCollection<byte[]> values)
    {
        Number(values.Count);
        foreach (var value in values)
            Bytes(value);
        return this;
    }
}

/// <summary>
/// Reads what a <see cref="WireWriter"/> wrote. Fields that are missing, because an older version wrote the message, read as zero and empty; fields that
/// this version does not know stand at the end and are not read.
/// </summary>
/// <remarks>What comes from a node is trusted to be meant well, not to be well-formed: a length beyond the message is a <see cref="FormatException"/>.</remarks>
internal ref struct WireReader(ReadOnlySpan<byte> message)
{
    private ReadOnlySpan<byte> _rest = message;

    public long Number()
    {
        if (_rest.IsEmpty)
            return 0;
        ulong value = 0;
        for (var shift = 0; shift < 64; shift += 7)
        {
            if (_rest.IsEmpty)
                throw new FormatException("A message between nodes is cut short.");
            var next = _rest[0];
            _rest = _rest[1..];
            value |= (ulong)(next & 0x7F) << shift;
            if (next < 0x80)
                return (long)value;
        }
        throw new FormatException("A message between nodes has a number without an end.");
    }

    public bool Flag() => Number() != 0;

    public ReadOnlySpan<byte> Span()
    {
        var length = Number();
        if (length < 0 || length > _rest.Length)
            throw new FormatException("A message between nodes is cut short.");
        var value = _rest[..(int)length];
        _rest = _rest[(int)length..];
        return value;
    }

    public byte[] Bytes() => Span().ToArray();

    public string Text() => Encoding.UTF8.GetString(Span());

    public string[] Texts()
    {
        var values = new string[Count()];
        for (var i = 0; i < values.Length; i++)
            values[i] = Text();
        return values;
    }

    public byte[][] ByteArrays()
    {
        var values = new byte[Count()][];
        for (var i = 0; i < values.Length; i++)
            values[i] = Bytes();
        return values;
    }

    /// <summary>How many items follow; each takes a byte at least, so a lie does not cost memory.</summary>
    public int Count()
    {
        var count = Number();
        if (count < 0 || count > _rest.Length)
            throw new FormatException("A message between nodes is cut short.");
        return (int)count;
    }
}
