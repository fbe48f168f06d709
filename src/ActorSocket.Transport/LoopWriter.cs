using System.Buffers;
using System.IO.Pipelines;
using Microsoft.AspNetCore.Connections;

namespace ActorSocket.EventLoops;

/// <summary>What Kestrel flushes goes to the socket at once; a flush waits for what the kernel does not take.</summary>
internal sealed class LoopWriter(LoopSocket socket) : PipeWriter
{
    private const int SmallestBuffer = 4096;

    private static readonly Task<bool> Done = Task.FromResult(true);
    private static readonly Task<bool> Closed = Task.FromResult(false);

    private byte[]? _buffer;
    private int _length;
    private bool _isCompleted;
    private CancellationTokenSource? _flushing;

    /// <summary>The write that is under way, or the last one. It never fails: false when the connection is closed.</summary>
    private Task<bool> _written = Done;

    public Task Written => _written;

    public override bool CanGetUnflushedBytes => true;

    public override long UnflushedBytes => _length;

    public override void Advance(int bytes)
    {
        if (bytes < 0 || bytes > (_buffer?.Length ?? 0) - _length)
            throw new ArgumentOutOfRangeException(nameof(bytes));
        _length += bytes;
    }

    public override Memory<byte> GetMemory(int sizeHint = 0) => Reserve(sizeHint).AsMemory(_length);

    public override Span<byte> GetSpan(int sizeHint = 0) => Reserve(sizeHint).AsSpan(_length);

    public override void CancelPendingFlush()
    {
        try
        {
            Volatile.Read(ref _flushing)?.Cancel();
        }
        catch (ObjectDisposedException)
        {
            // It has ended in the meantime.
        }
    }

    public override void Complete(Exception? exception = null)
    {
        if (_isCompleted)
            return;
        _isCompleted = true;
        if (exception is null && _length > 0)
            Begin();
        else
            ReturnBuffer();
    }

    public override ValueTask<FlushResult> FlushAsync(CancellationToken cancellationToken = default)
    {
        if (_length > 0)
            Begin();
        else if (_written.IsCompleted)
            ReturnBuffer(); // an idle connection holds none
        return _written.IsCompleted
            ? new(new FlushResult(isCanceled: false, isCompleted: !_written.Result))
            : AwaitAsync(_written, cancellationToken);
    }

    /// <summary>Hands the buffer to the socket, behind what it still writes.</summary>
    private void Begin()
    {
        var buffer = _buffer!;
        var length = _length;
        _buffer = null;
        _length = 0;
        _written = _written.IsCompleted ? Write(buffer, length) : WriteBehindAsync(_written, buffer, length);
    }

    private Task<bool> Write(byte[] buffer, int length)
    {
        try
        {
            var write = socket.WriteAsync(buffer.AsMemory(0, length));
            if (!write.IsCompletedSuccessfully)
                return FinishAsync(write, buffer);
            ArrayPool<byte>.Shared.Return(buffer);
            return Done;
        }
        catch (ConnectionResetException)
        {
            ArrayPool<byte>.Shared.Return(buffer);
            return Closed;
        }
    }

    private async Task<bool> WriteBehindAsync(Task<bool> earlier, byte[] buffer, int length)
    {
        await earlier.ConfigureAwait(false);
        return await Write(buffer, length).ConfigureAwait(false);
    }

    private static async Task<bool> FinishAsync(ValueTask write, byte[] buffer)
    {
        try
        {
            await write.ConfigureAwait(false);
            ArrayPool<byte>.Shared.Return(buffer);
            return true;
        }
        catch (Exception error) when (error is ConnectionResetException or ConnectionAbortedException)
        {
            return false; // the loop may look at the buffer a last time: it is left to the collector
        }
    }

    private async ValueTask<FlushResult> AwaitAsync(Task<bool> written, CancellationToken cancellationToken)
    {
        using var cancel = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        Volatile.Write(ref _flushing, cancel);
        try
        {
            return new FlushResult(isCanceled: false, isCompleted: !await written.WaitAsync(cancel.Token).ConfigureAwait(false));
        }
        catch (OperationCanceledException)
        {
            cancellationToken.ThrowIfCancellationRequested();
            return new FlushResult(isCanceled: true, isCompleted: false);
        }
        finally
        {
            Volatile.Write(ref _flushing, null);
        }
    }

    private byte[] Reserve(int sizeHint)
    {
        var wanted = Math.Max(sizeHint, 1);
        if (_buffer is null)
            return _buffer = ArrayPool<byte>.Shared.Rent(Math.Max(wanted, SmallestBuffer));
        if (_buffer.Length - _length >= wanted)
            return _buffer;
        var larger = ArrayPool<byte>.Shared.Rent(Math.Max(_length + wanted, _buffer.Length * 2));
        _buffer.AsSpan(0, _length).CopyTo(larger);
        ArrayPool<byte>.Shared.Return(_buffer);
        return _buffer = larger;
    }

    private void ReturnBuffer()
    {
        if (_buffer is null)
            return;
        ArrayPool<byte>.Shared.Return(_buffer);
        _buffer = null;
        _length = 0;
    }
}
