namespace ActorSocket.Benchmarks.Load;

/// <summary>One TCP connection of the load generator. What is sent while a read is handled leaves in one write.</summary>
internal abstract class Channel
{
    private static int _sources;

    private readonly Poller _poller;
    private readonly int _fd;
    private readonly int _id;
    private byte[] _carry = [];
    private int _carried;
    private byte[] _out = [];
    private int _outLength;
    private bool _connected;
    private bool _dirty;

    protected Channel(Poller poller, int port)
    {
        _poller = poller;
        Port = port;
        _fd = Native.Connect(port, _sources++);
        _id = poller.Add(this, _fd);
    }

    protected Poller Poller => _poller;

    /// <summary>The server's.</summary>
    public int Port { get; }

    public bool IsClosed { get; private set; }

    /// <summary>The connection is there.</summary>
    protected abstract void OnConnected();

    /// <summary>Parses what has arrived and returns how many bytes it is done with; the rest comes again with what follows.</summary>
    protected abstract int OnBytes(ReadOnlySpan<byte> bytes);

    /// <summary>The server closed the connection.</summary>
    protected virtual void OnEnd() => throw new LoadFailure("the server closed a connection");

    /// <summary>Room for so many bytes of output; <see cref="Commit"/> takes what was used of it.</summary>
    protected Span<byte> Reserve(int bytes)
    {
        if (_out.Length < _outLength + bytes)
            Array.Resize(ref _out, Math.Max(_outLength + bytes, _out.Length * 2));
        return _out.AsSpan(_outLength);
    }

    protected void Commit(int bytes)
    {
        _outLength += bytes;
        if (_dirty)
            return;
        _dirty = true;
        _poller.MarkDirty(this);
    }

    public void Ready(uint what)
    {
        if (!_connected)
        {
            if ((what & (Native.Error | Native.HangUp)) != 0)
                throw new LoadFailure("the server refused a connection");
            _connected = true;
            OnConnected();
            Flush(); // also what was said before
        }
        else if ((what & Native.Out) != 0 && _outLength > 0)
        {
            Flush();
        }
        if ((what & (Native.In | Native.Error | Native.HangUp)) != 0 && !IsClosed)
            Read();
    }

    public void Flush()
    {
        _dirty = false;
        if (!_connected || IsClosed || _outLength == 0)
            return;
        var sent = Math.Max(Native.Send(_fd, _out.AsSpan(0, _outLength)), 0);
        _out.AsSpan(sent, _outLength - sent).CopyTo(_out); // the rest when there is room again
        _outLength -= sent;
    }

    public void Close()
    {
        if (IsClosed)
            return;
        IsClosed = true;
        _poller.Remove(_id);
        Native.Close(_fd);
    }

    private void Read()
    {
        var buffer = _poller.Buffer.AsSpan();
        while (true)
        {
            _carry.AsSpan(0, _carried).CopyTo(buffer);
            var room = buffer.Length - _carried;
            var count = Native.Receive(_fd, buffer[_carried..]);
            if (count < 0)
                return;
            if (count == 0)
            {
                OnEnd();
                return;
            }
            var total = _carried + count;
            var used = OnBytes(buffer[..total]);
            if (IsClosed)
                return;
            _carried = total - used;
            if (_carry.Length < _carried)
                _carry = new byte[Math.Max(_carried, 512)];
            buffer[used..total].CopyTo(_carry);
            if (count < room)
                return; // the socket is empty: an edge-triggered event may be left here
        }
    }
}
