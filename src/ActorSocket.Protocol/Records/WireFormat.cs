using System.Text;

namespace ActorSocket.Protocol.Records;

/// <summary>
/// Writes the fields of one message between nodes, in order: integers as base-128 varints; texts, bytes and records with their length
/// before them. A newer version appends fields, to a message or to any record in it, which an older one does not read; see
/// <see cref="WireReader"/>.
/// </summary>
internal sealed class WireWriter(int capacity = 256)
{
    private byte[] _bytes = new byte[capacity];
    private int _length;

    /// <summary>What a newer version would write at the end of each record: for tests of what an older one makes of it.</summary>
    internal Action<WireWriter>? FurtherFields { private get; init; }

    public byte[] ToArray() => _bytes.AsSpan(0, _length).ToArray();

    public WireWriter Number(long value)
    {
        Reserve(10);
        _length += WriteNumber(_bytes.AsSpan(_length), (ulong)value);
        return this;
    }

    public WireWriter Flag(bool value) => Number(value ? 1 : 0);

    public WireWriter Bytes(ReadOnlySpan<byte> value)
    {
        Number(value.Length);
        Reserve(value.Length);
        value.CopyTo(_bytes.AsSpan(_length));
        _length += value.Length;
        return this;
    }

    public WireWriter Text(string value)
    {
        var length = Encoding.UTF8.GetByteCount(value);
        Number(length);
        Reserve(length);
        _length += Encoding.UTF8.GetBytes(value, _bytes.AsSpan(_length));
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

    /// <summary>Whatever has fields of its own stands within a message like this, so that it can get more of them.</summary>
    public WireWriter Record<T>(T value, Action<WireWriter, T> write)
    {
        var start = _length;
        Reserve(1);
        _length++; // the length of most records; a longer one is moved up
        write(this, value);
        FurtherFields?.Invoke(this);
        var length = _length - start - 1;
        Span<byte> prefix = stackalloc byte[10];
        var more = WriteNumber(prefix, (ulong)length) - 1;
        if (more > 0)
        {
            Reserve(more);
            _bytes.AsSpan(start + 1, length).CopyTo(_bytes.AsSpan(start + 1 + more));
            _length += more;
        }
        prefix[..(more + 1)].CopyTo(_bytes.AsSpan(start));
        return this;
    }

    public WireWriter Records<T>(IReadOnlyCollection<T> values, Action<WireWriter, T> write)
    {
        Number(values.Count);
        foreach (var value in values)
            Record(value, write);
        return this;
    }

    private void Reserve(int more)
    {
        if (_bytes.Length - _length < more)
            Array.Resize(ref _bytes, Math.Max(checked(_length + more), (int)Math.Min(2L * _bytes.Length, Array.MaxLength)));
    }

    private static int WriteNumber(Span<byte> output, ulong rest)
    {
        var at = 0;
        for (; rest >= 0x80; rest >>= 7)
            output[at++] = (byte)(rest | 0x80);
        output[at++] = (byte)rest;
        return at;
    }
}

/// <summary>
/// Reads what a <see cref="WireWriter"/> wrote. Fields that are missing, because an older version wrote the message, read as zero and
/// empty; fields that this version does not know stand at the end, of the message or of a record in it, and are not read.
/// </summary>
/// <remarks>
/// What comes from a node is trusted to be meant well, not to be well-formed: a length beyond the message is a
/// <see cref="FormatException"/>.
/// </remarks>
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

    public T Record<T>(RecordReader<T> read)
    {
        var record = new WireReader(Span());
        return read(ref record);
    }

    public T[] Records<T>(RecordReader<T> read)
    {
        var values = new T[Count()];
        for (var i = 0; i < values.Length; i++)
            values[i] = Record(read);
        return values;
    }

    /// <summary>How many items follow; each takes a byte at least, so a lie does not cost memory.</summary>
    private int Count()
    {
        var count = Number();
        if (count < 0 || count > _rest.Length)
            throw new FormatException("A message between nodes is cut short.");
        return (int)count;
    }
}

/// <summary>Reads one record: see <see cref="WireWriter.Record"/>.</summary>
internal delegate T RecordReader<out T>(ref WireReader wire);
