using System.Buffers;
using System.Globalization;
using System.IO.Pipelines;
using System.Net;
using System.Net.Sockets;
using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.Connections.Features;

namespace ActorSocket.EventLoops;

/// <summary>A connection as Kestrel sees it: what is received goes into a pipe, what is flushed goes to the socket.</summary>
internal sealed partial class LoopConnection : ConnectionContext, IDuplexPipe, ILoopReader
{
    private static long _count;

    private readonly CancellationTokenSource _closed = new();
    private readonly LoopListener _listener;
    private readonly LoopSocket _socket;
    private readonly LoopWriter _output;
    private readonly Pipe _input;
    private IDictionary<object, object?>? _items;
    private string? _id;
    private EndPoint? _local;
    private bool _hasEnded;

    public LoopConnection(LoopListener listener, EventLoop loop, int descriptor, EndPoint? remote, LoopSettings settings)
    {
        _listener = listener;
        _socket = new LoopSocket(loop, descriptor);
        _output = new LoopWriter(_socket);
        _input = new Pipe(settings.Input);
        _local = listener.SharedEndPoint;
        Transport = this;
        RemoteEndPoint = remote;
        ConnectionClosed = _closed.Token;
    }

    public override string ConnectionId
    {
        get => _id ??= "L" + Interlocked.Increment(ref _count).ToString("X", CultureInfo.InvariantCulture);
        set => _id = value;
    }

    public override IDuplexPipe Transport { get; set; }

    public override IDictionary<object, object?> Items
    {
        get => _items ??= new ConnectionItems();
        set => _items = value;
    }

    public override EndPoint? LocalEndPoint
    {
        get => _local ??= Libc.LocalEndPointOf(_socket.Descriptor) ?? _listener.EndPoint;
        set => _local = value;
    }

    PipeReader IDuplexPipe.Input => _input.Reader;

    PipeWriter IDuplexPipe.Output => _output;

    public void Start() => _socket.Start(this);

    public override void Abort() => _socket.Close(reset: true);

    public override void Abort(ConnectionAbortedException abortReason) => Abort();

    /// <summary>Kestrel is done with it: what it wrote still leaves.</summary>
    public override async ValueTask DisposeAsync()
    {
        await _input.Reader.CompleteAsync().ConfigureAwait(false);
        await _output.CompleteAsync().ConfigureAwait(false);
        await _output.Written.ConfigureAwait(false);
        _socket.Close(reset: false);
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
            _socket.Pause();
            _ = ResumeAsync(flush.AsTask());
        }
        else if (flush.Result.IsCompleted)
        {
            _socket.ReadNoMore(); // Kestrel reads no more
        }
    }

    void ILoopReader.OnPosted() => _socket.Resume();

    void ILoopReader.OnClosed() => End(new ConnectionAbortedException("The connection was aborted."));

    private async Task ResumeAsync(Task<FlushResult> flush)
    {
        await flush.ConfigureAwait(false);
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
        catch (ObjectDisposedException)
        {
            // Kestrel was done with it before.
        }
    }
}
