using System.Buffers;
using System.IO.Pipelines;
using Microsoft.AspNetCore.Connections;

namespace ActorSocket.EventLoops;

/// <summary>
/// Feeds a receiver where the loop has received: no pipe, and no copy but of what stands behind the last whole frame of a read.
/// </summary>
/// <param name="socket">What it reads.</param>
/// <param name="before">What was received for Kestrel, and is not Kestrel's.</param>
/// <param name="receiver">Who is fed.</param>
/// <param name="count">Where it is counted.</param>
internal sealed class DirectReader(LoopSocket socket, PipeReader before, IByteReceiver receiver, DirectCount count) : ILoopReader
{
    private PipeReader? _before = before;
    private byte[]? _left;
    private Exception? _error;
    private bool _isPaused = true; // perhaps, by who read before
    private bool _hasEnded;
    private bool _isEndTold;

    void ILoopReader.OnReadable()
    {
        var buffer = socket.Loop.Buffer;
        if (_left is { } left && left.Length > buffer.Length / 2)
        {
            GoOn(); // it was not taken yet
            return;
        }
        if (!receiver.MayRead())
        {
            SetPaused(true);
            return;
        }
        var at = 0;
        if (_left is not null)
        {
            _left.CopyTo(buffer, 0);
            at = _left.Length;
        }
        var received = socket.Receive(buffer.AsSpan(at));
        if (received == LoopSocket.Nothing)
            return;
        if (received is 0 or LoopSocket.Broken)
        {
            socket.ReadNoMore();
            End(received == 0 ? null : new ConnectionResetException("The peer has reset the connection."));
            GoOn();
            return;
        }
        Give(new ReadOnlySequence<byte>(buffer, 0, at + received));
        CloseWhenOver();
    }

    void ILoopReader.OnPosted()
    {
        if (_before is { } before)
        {
            _before = null;
            TakeAll(before);
        }
        receiver.OnWoken();
        GoOn();
    }

    void ILoopReader.OnClosing()
    {
        // Nobody but the socket uses the descriptor.
    }

    void ILoopReader.OnClosed()
    {
        count.Ended();
        _before?.Complete();
        _before = null;
        if (!receiver.IsOver)
            receiver.OnEnd(new ConnectionAbortedException("The connection is closed."));
    }

    /// <summary>Gives what is there, as far as it is taken, and reads on when more may come.</summary>
    private void GoOn()
    {
        while (_left is { } left && !receiver.IsOver && receiver.MayRead())
        {
            Give(new ReadOnlySequence<byte>(left));
            if (_left is { } rest && rest.Length == left.Length)
                break; // it wants more than there is
        }
        if (_hasEnded && !_isEndTold && !receiver.IsOver && (_error is not null || receiver.MayRead()))
        {
            _isEndTold = true;
            receiver.OnEnd(_error);
        }
        if (!CloseWhenOver() && _isPaused && receiver.MayRead())
            SetPaused(false);
    }

    private void Give(ReadOnlySequence<byte> bytes)
    {
        try
        {
            receiver.OnBytes(ref bytes);
        }
        catch (Exception error)
        {
            receiver.OnEnd(error);
            throw; // the loop closes the socket, and says why
        }
        _left = bytes.IsEmpty ? null : bytes.ToArray();
    }

    private bool CloseWhenOver()
    {
        if (!receiver.IsOver)
            return false;
        _left = null;
        socket.Close(reset: false);
        return true;
    }

    private void TakeAll(PipeReader pipe)
    {
        try
        {
            while (pipe.TryRead(out var read))
            {
                if (!read.Buffer.IsEmpty)
                    _left = [.. _left ?? [], .. read.Buffer.ToArray()];
                pipe.AdvanceTo(read.Buffer.End);
                if (read.IsCompleted)
                    End(null);
                if (read.IsCompleted || read.Buffer.IsEmpty)
                    break;
            }
        }
        catch (Exception error) // it was completed with it
        {
            End(error);
        }
        pipe.Complete();
    }

    private void End(Exception? error)
    {
        _hasEnded = true;
        _error = error;
    }

    private void SetPaused(bool isPaused)
    {
        _isPaused = isPaused;
        if (isPaused)
            socket.Pause();
        else
            socket.Resume();
    }
}
