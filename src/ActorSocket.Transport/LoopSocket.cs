using System.Buffers;
using Microsoft.AspNetCore.Connections;

namespace ActorSocket.EventLoops;

/// <summary>
/// One descriptor on a loop. Its loop reads and closes it; any thread writes, one at a time, which its callers see to: what the kernel
/// takes at once has left when <see cref="WriteAsync"/> returns, the rest leaves by the loop.
/// </summary>
/// <param name="loop">Whose it is.</param>
/// <param name="descriptor">It does not block.</param>
/// <param name="owner">What closes the descriptor; null: the socket does.</param>
internal sealed class LoopSocket(EventLoop loop, int descriptor, IDisposable? owner = null) : ILoopSocket
{
    /// <summary>What <see cref="Receive"/> returns when there is nothing now.</summary>
    public const int Nothing = -1;

    /// <summary>Of a long write the loop sends about so many bytes before it looks at its other sockets.</summary>
    private const long FairShare = 256 * 1024;

    /// <summary>What <see cref="Receive"/> returns when the connection is broken.</summary>
    public const int Broken = -2;

    private readonly Lock _gate = new();
    private ILoopReader? _reader;
    private ILoopReader? _next;
    private SocketWrite? _write;
    private uint _armed;
    private bool _isRegistered;
    private bool _isPaused;
    private bool _hasEnded;
    private bool _closes;
    private bool _isClosed;

    public EventLoop Loop => loop;

    public int Descriptor => descriptor;

    /// <summary>From here on its events come.</summary>
    public void Start(ILoopReader reader)
    {
        _reader = reader;
        DescriptorTable.Set(descriptor, this);
        try
        {
            lock (_gate)
                Arm();
        }
        catch
        {
            DescriptorTable.Set(descriptor, null);
            throw;
        }
    }

    /// <summary>On the loop: how many bytes came; 0 at the peer's end, <see cref="Nothing"/> or <see cref="Broken"/>.</summary>
    public int Receive(Span<byte> buffer)
    {
        while (true)
        {
            var count = Libc.Receive(descriptor, buffer);
            if (count >= 0)
                return count;
            switch (Libc.LastError)
            {
                case Libc.Interrupted: continue;
                case Libc.TryAgain: return Nothing;
                default: return Broken;
            }
        }
    }

    /// <summary>On the loop: how a listening socket receives. -1 for an error, which <see cref="Libc.LastError"/> names.</summary>
    public int Accept(out System.Net.IPEndPoint? remote) => Libc.Accept(descriptor, out remote);

    public void OnEvents(uint events)
    {
        if ((events & (Libc.WriteReady | Libc.Error | Libc.HangUp)) != 0)
            OnWritable();
        if (_closes)
            Finish();
        else if ((events & (Libc.ReadReady | Libc.PeerEnded | Libc.Error | Libc.HangUp)) == 0)
            return;
        else if (!_isPaused && !_hasEnded)
            _reader?.OnReadable();
        else if ((events & (Libc.Error | Libc.HangUp)) != 0)
            Leave();
    }

    public void OnPosted()
    {
        lock (_gate)
        {
            if (_next is not null && !_closes)
                (_reader, _next) = (_next, null);
        }
        if (_closes)
            Finish();
        _reader?.OnPosted(); // behind the end too: who waits for something learns that it has come
    }

    /// <summary>Any thread: from here on another reads it, whose first call is <see cref="ILoopReader.OnPosted"/>.</summary>
    public void HandOver(ILoopReader next)
    {
        bool isLate;
        lock (_gate)
        {
            isLate = _isClosed;
            if (isLate)
                _reader = next;
            else
                _next = next;
        }
        if (isLate)
            next.OnClosed();
        loop.Post(this);
    }

    /// <summary>Any thread: has the reader's <see cref="ILoopReader.OnPosted"/> called.</summary>
    public void Post() => loop.Post(this);

    /// <summary>On the loop: nothing more is read until <see cref="Resume"/>.</summary>
    public void Pause() => SetPaused(true);

    /// <summary>On the loop.</summary>
    public void Resume() => SetPaused(false);

    /// <summary>On the loop: nothing more is read at all.</summary>
    public void ReadNoMore()
    {
        lock (_gate)
        {
            _hasEnded = true;
            Arm();
        }
    }

    /// <summary>Writes all of it. Completes when the kernel has it; the memory is the socket's until then.</summary>
    /// <exception cref="ConnectionResetException">The connection is closed, by either side.</exception>
    public ValueTask WriteAsync(ReadOnlySequence<byte> data)
    {
        lock (_gate)
        {
            if (_closes)
                throw new ConnectionResetException("The connection is closed.");
            if (_write is { } before)
                return new ValueTask(WriteBehindAsync(before.Task, data)); // of who wrote before it was handed over
            var rest = Send(data, long.MaxValue, out var isBroken);
            if (isBroken)
                throw new ConnectionResetException("The peer has closed the connection.");
            if (rest.IsEmpty)
                return default;
            var write = _write = new SocketWrite(rest);
            try
            {
                Arm();
            }
            catch (IOException error)
            {
                _write = null;
                throw new ConnectionResetException(error.Message, error);
            }
            return new ValueTask(write.Task);
        }
    }

    ValueTask ILoopSocket.WriteAsync(ReadOnlyMemory<byte> data) => WriteAsync(new ReadOnlySequence<byte>(data));

    void ILoopSocket.Wake() => Post();

    void ILoopSocket.Abort() => Close(reset: true);

    private async Task WriteBehindAsync(Task before, ReadOnlySequence<byte> data)
    {
        await before.ConfigureAwait(false);
        await WriteAsync(data).ConfigureAwait(false);
    }

    /// <summary>Any thread. What the kernel has taken still leaves, unless it is reset.</summary>
    public void Close(bool reset)
    {
        lock (_gate)
        {
            if (_closes)
                return;
            _closes = true;
            if (reset)
                Libc.ResetOnClose(descriptor);
            else
                Libc.Shutdown(descriptor);
        }
        loop.Post(this);
    }

    /// <summary>Sends at least what one call takes, and about as much as it may; what is left.</summary>
    private ReadOnlySequence<byte> Send(ReadOnlySequence<byte> data, long atMost, out bool isBroken)
    {
        isBroken = false;
        for (var sent = 0L; !data.IsEmpty && sent < atMost;)
        {
            var count = Libc.Send(descriptor, data);
            if (count >= 0)
            {
                sent += count;
                data = data.Slice(count);
                continue;
            }
            var error = Libc.LastError;
            if (error == Libc.Interrupted)
                continue;
            isBroken = error != Libc.TryAgain;
            break;
        }
        return data;
    }

    private void OnWritable()
    {
        SocketWrite write;
        bool isBroken;
        lock (_gate)
        {
            if (_write is null || _closes)
                return;
            write = _write;
            write.Rest = Send(write.Rest, FairShare, out isBroken);
            if (!write.Rest.IsEmpty && !isBroken)
                return;
            _write = null;
            Arm();
        }
        if (isBroken)
            write.SetException(new ConnectionResetException("The peer has closed the connection."));
        else
            write.SetResult();
    }

    private void SetPaused(bool isPaused)
    {
        lock (_gate)
        {
            _isPaused = isPaused;
            Arm();
        }
    }

    /// <summary>Has epoll tell what is wanted now, under the gate.</summary>
    private void Arm()
    {
        if (_isClosed)
            return;
        var wanted = (_isPaused || _hasEnded ? 0 : Libc.ReadReady | Libc.PeerEnded) | (_write is null ? 0 : Libc.WriteReady);
        if (_isRegistered && wanted == _armed)
            return;
        if (!loop.Control(_isRegistered ? Libc.ControlModify : Libc.ControlAdd, descriptor, wanted))
            throw new IOException($"A socket cannot be watched (errno {Libc.LastError}).");
        _isRegistered = true;
        _armed = wanted;
    }

    /// <summary>Nobody wants to know now that the connection is broken, and epoll would tell it for ever.</summary>
    private void Leave()
    {
        lock (_gate)
        {
            if (!_isRegistered || _isClosed)
                return;
            loop.Control(Libc.ControlDelete, descriptor, 0);
            _isRegistered = false;
            _armed = 0;
        }
    }

    /// <summary>On the loop, once: here only is a descriptor closed, so that no other thread uses one of the same number for it.</summary>
    private void Finish()
    {
        SocketWrite? write;
        ILoopReader? reader;
        lock (_gate)
        {
            if (_isClosed)
                return;
            _isClosed = true;
            write = _write;
            _write = null;
            reader = _reader;
            reader?.OnClosing();
            if (_next is not null)
                (_reader, _next) = (_next, null);
            DescriptorTable.Set(descriptor, null);
            if (owner is not null)
                owner.Dispose();
            else
                Libc.Close(descriptor);
        }
        write?.SetException(new ConnectionAbortedException("The connection is closed."));
        reader?.OnClosed();
        if (!ReferenceEquals(reader, _reader))
            _reader?.OnClosed();
    }
}
