using System.Buffers;
using System.Globalization;
using System.IO.Pipelines;
using System.Net;
using System.Security.Cryptography;
using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.Connections.Features;

namespace ActorSocket.EventLoops;

/// <summary>A connection as Kestrel sees it: what is received goes into a pipe, what is flushed goes to the socket.</summary>
internal sealed partial class LoopConnection : ConnectionContext, IDuplexPipe, ILoopReader, ILoopConnection
{
    /// <summary>Told apart from those of other processes, and of this one before it was started again.</summary>
    private static readonly string Process = "L" + Convert.ToHexString(RandomNumberGenerator.GetBytes(4)) + "-";

    private static long _count;

    private readonly CancellationTokenSource _closed = new();
    private readonly TaskCompletionSource _closedRaised = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly LoopSocket _socket;
    private readonly LoopSettings _settings;
    private readonly Pipe _input;
    private readonly Pipe _output;
    private Task _sending = Task.CompletedTask;
    private IDictionary<object, object?>? _items;
    private string? _id;
    private bool _hasEnded;
    private volatile bool _isHandedOver;
    private volatile bool _isFull;

    public LoopConnection(LoopListener listener, EventLoop loop, int descriptor, EndPoint? remote, LoopSettings settings)
    {
        _settings = settings;
        _socket = new LoopSocket(loop, descriptor);
        _input = new Pipe(settings.Input);
        _output = new Pipe(settings.Output);
        Transport = this;
        LocalEndPoint = listener.SharedEndPoint ?? Libc.LocalEndPointOf(descriptor);
        RemoteEndPoint = remote;
        ConnectionClosed = _closed.Token;
    }

    public override string ConnectionId
    {
        get => _id ??= Process + Interlocked.Increment(ref _count).ToString("X", CultureInfo.InvariantCulture);
        set => _id = value;
    }

    public override IDuplexPipe Transport { get; set; }

    public override IDictionary<object, object?> Items
    {
        get => _items ??= new ConnectionItems();
        set => _items = value;
    }

    PipeReader IDuplexPipe.Input => _input.Reader;

    PipeWriter IDuplexPipe.Output => _output.Writer;

    ILoopSocket ILoopConnection.Socket => _socket;

    void ILoopConnection.GoOnWith(IByteReceiver receiver)
    {
        _isHandedOver = true;
        EndHandle();
        _settings.Direct.Began();
        _socket.HandOver(new DirectReader(_socket, _input.Reader, receiver, _settings.Direct));
    }

    public void Start()
    {
        _socket.Start(this);
        _sending = SendAsync();
    }

    /// <summary>An application's abort: the connection is reset.</summary>
    public override void Abort() => _socket.Close(reset: true);

    /// <summary>Without a reason it is HTTP's end of what its client has ended: what the kernel has taken still leaves.</summary>
    public override void Abort(ConnectionAbortedException? abortReason) => _socket.Close(reset: abortReason is not null);

    /// <summary>Kestrel is done with it: what it wrote still leaves. What was handed over goes on.</summary>
    public override async ValueTask DisposeAsync()
    {
        if (_isHandedOver)
        {
            await _output.Writer.CompleteAsync().ConfigureAwait(false);
            return;
        }
        await _input.Reader.CompleteAsync().ConfigureAwait(false);
        await _output.Writer.CompleteAsync().ConfigureAwait(false);
        await _sending.ConfigureAwait(false);
        _socket.Close(reset: false);
        await _closedRaised.Task.ConfigureAwait(false);
        _closed.Dispose();
        await base.DisposeAsync().ConfigureAwait(false);
    }

    void ILoopReader.OnReadable()
    {
        var buffer = _socket.Loop.Buffer;
        var count = _socket.Receive(buffer);
        if (count == LoopSocket.Nothing)
            return;
        if (count is 0 or LoopSocket.Broken)
        {
            End(count == 0 ? null : new ConnectionResetException("The peer has reset the connection."));
            return;
        }
        _input.Writer.Write(buffer.AsSpan(0, count));
        var flush = _input.Writer.FlushAsync();
        if (!flush.IsCompletedSuccessfully)
        {
            _isFull = true;
            _socket.Pause();
            _ = ResumeAsync(flush.AsTask());
        }
        else if (flush.Result.IsCompleted)
        {
            _socket.ReadNoMore(); // Kestrel reads no more
        }
    }

    void ILoopReader.OnPosted()
    {
        if (!_isFull)
            _socket.Resume();
    }

    void ILoopReader.OnClosing() => EndHandle();

    void ILoopReader.OnClosed()
    {
        if (_isHandedOver)
            return;
        End(new ConnectionAbortedException("The connection was aborted."));
        _output.Reader.CancelPendingRead();
    }

    /// <summary>Within each flush, as long as the kernel takes what is flushed; then by the loop.</summary>
    private async Task SendAsync()
    {
        var output = _output.Reader;
        try
        {
            while (true)
            {
                var read = await output.ReadAsync().ConfigureAwait(false);
                if (read.IsCanceled)
                    return;
                if (!read.Buffer.IsEmpty)
                    await _socket.WriteAsync(read.Buffer).ConfigureAwait(false);
                output.AdvanceTo(read.Buffer.End);
                if (read.IsCompleted)
                    return;
            }
        }
        catch (Exception error) when (error is IOException or ConnectionAbortedException)
        {
            // The connection is gone, and with it what was left.
        }
        finally
        {
            await output.CompleteAsync().ConfigureAwait(false); // flushes say so from here on
        }
    }

    private async Task ResumeAsync(Task<FlushResult> flush)
    {
        await flush.ConfigureAwait(false);
        _isFull = false;
        _socket.Post();
    }

    /// <summary>On the loop: nothing more will come.</summary>
    private void End(Exception? error)
    {
        if (_hasEnded)
            return;
        _hasEnded = true;
        _socket.ReadNoMore();
        _input.Writer.Complete(error);
        ThreadPool.UnsafeQueueUserWorkItem(static connection => connection.RaiseClosed(), this, preferLocal: false);
    }

    private void RaiseClosed()
    {
        try
        {
            _closed.Cancel();
        }
        catch (Exception error) // of whoever registered for it
        {
            _settings.Log.CallbackFailed(error);
        }
        finally
        {
            _closedRaised.TrySetResult();
        }
    }
}
