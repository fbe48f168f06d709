using System.IO.Pipelines;
using System.Net;
using System.Threading.Channels;
using Microsoft.AspNetCore.Connections;

namespace ActorSocket.Fuzz;

/// <summary>
/// Kestrel without a network: its HTTP, and everything above it, are the real ones; bytes arrive exactly as they are cut here.
/// </summary>
internal sealed class MemoryTransport : IConnectionListenerFactory, IConnectionListener
{
    private readonly Channel<ConnectionContext> _connections = Channel.CreateUnbounded<ConnectionContext>();

    public EndPoint EndPoint { get; private set; } = new IPEndPoint(IPAddress.Loopback, 0);

    public ValueTask<IConnectionListener> BindAsync(EndPoint endpoint, CancellationToken cancellationToken = default)
    {
        EndPoint = endpoint;
        return ValueTask.FromResult<IConnectionListener>(this);
    }

    public async ValueTask<ConnectionContext?> AcceptAsync(CancellationToken cancellationToken = default)
    {
        while (await _connections.Reader.WaitToReadAsync(cancellationToken))
        {
            if (_connections.Reader.TryRead(out var connection))
                return connection;
        }
        return null;
    }

    public ValueTask UnbindAsync(CancellationToken cancellationToken = default)
    {
        _connections.Writer.TryComplete();
        return default;
    }

    public ValueTask DisposeAsync() => UnbindAsync();

    public MemoryClient Connect()
    {
        var client = new MemoryClient();
        _connections.Writer.TryWrite(client.ServerSide);
        return client;
    }
}

/// <summary>The client's end of one connection.</summary>
internal sealed class MemoryClient : IDisposable
{
    // Neither side waits for the other: how much is written is bounded by the input.
    private static readonly PipeOptions Unbounded = new(
        pauseWriterThreshold: 0,
        resumeWriterThreshold: 0,
        useSynchronizationContext: false
    );

    private readonly Pipe _toServer = new(Unbounded);
    private readonly Pipe _toClient = new(Unbounded);
    private readonly CancellationTokenSource _patience = new(TimeSpan.FromSeconds(60));
    private readonly CancellationTokenSource _closed = new();
    private readonly Lock _gate = new();
    private bool _isFinished;
    private byte[] _left = [];

    public MemoryClient() => ServerSide = new ServerConnection(this);

    public ConnectionContext ServerSide { get; }

    /// <summary>Nothing, when either side has ended it.</summary>
    public void Write(ReadOnlySpan<byte> bytes)
    {
        lock (_gate)
        {
            if (_isFinished)
                return;
            bytes.CopyTo(_toServer.Writer.GetSpan(bytes.Length));
            _toServer.Writer.Advance(bytes.Length);
            _ = _toServer.Writer.FlushAsync().AsTask();
        }
    }

    /// <summary>Nothing more is sent.</summary>
    public void Finish() => End(null);

    /// <summary>The connection is gone.</summary>
    public void Reset() => End(new ConnectionResetException("reset"));

    private void End(Exception? error)
    {
        lock (_gate)
        {
            if (_isFinished)
                return;
            _isFinished = true;
            _toServer.Writer.Complete(error);
        }
        _ = _closed.CancelAsync(); // as Kestrel's own transport: also at a mere end of what is sent
    }

    /// <summary>As many bytes as asked for; fewer at the end.</summary>
    public async Task<byte[]> ReadAsync(int count)
    {
        while (_left.Length < count && await FillAsync())
        {
        }
        var taken = _left[..Math.Min(count, _left.Length)];
        _left = _left[taken.Length..];
        return taken;
    }

    /// <summary>One HTTP response; a status of 0 when the connection ends instead.</summary>
    public async Task<(int Status, string Body)> ReadResponseAsync()
    {
        int end;
        while ((end = _left.AsSpan().IndexOf("\r\n\r\n"u8)) < 0)
        {
            if (!await FillAsync())
                return (0, "");
        }
        var head = System.Text.Encoding.Latin1.GetString(await ReadAsync(end + 4)).Split("\r\n");
        var status = int.Parse(head[0].Split(' ')[1], null);
        if (status == 101)
            return (status, "");
        if (Array.Find(head, static line => line.StartsWith("Content-Length:", StringComparison.OrdinalIgnoreCase)) is { } length)
            return (status, System.Text.Encoding.UTF8.GetString(await ReadAsync(int.Parse(length.Split(':')[1], null))));
        var body = new List<byte>();
        while (Array.Exists(head, static line => line.StartsWith("Transfer-Encoding:", StringComparison.OrdinalIgnoreCase)))
        {
            while ((end = _left.AsSpan().IndexOf("\r\n"u8)) < 0)
            {
                if (!await FillAsync())
                    return (0, "");
            }
            var size = Convert.ToInt32(System.Text.Encoding.Latin1.GetString((await ReadAsync(end + 2)).AsSpan(0, end)), 16);
            body.AddRange((await ReadAsync(size + 2)).AsSpan(0, size));
            if (size == 0)
                break;
        }
        return (status, System.Text.Encoding.UTF8.GetString([.. body]));
    }

    /// <summary>The payload of one frame of the server's; "end" at the end, "close" for a close frame.</summary>
    public async Task<string> ReadFrameAsync()
    {
        var header = await ReadAsync(2);
        if (header.Length < 2)
            return "end";
        long length = header[1];
        if (length >= 126)
        {
            length = 0;
            foreach (var b in await ReadAsync(header[1] == 126 ? 2 : 8))
                length = (length << 8) | b;
        }
        var payload = await ReadAsync((int)length);
        return (header[0] & 0x0F) == 8 ? "close" : System.Text.Encoding.UTF8.GetString(payload);
    }

    public void Dispose()
    {
        Finish();
        _patience.Dispose();
    }

    private async Task<bool> FillAsync()
    {
        var read = await _toClient.Reader.ReadAsync(_patience.Token);
        _left = [.. _left, .. System.Buffers.BuffersExtensions.ToArray(read.Buffer)];
        _toClient.Reader.AdvanceTo(read.Buffer.End);
        return !read.IsCompleted || !read.Buffer.IsEmpty;
    }

    private sealed class Duplex(PipeReader input, PipeWriter output) : IDuplexPipe
    {
        public PipeReader Input => input;

        public PipeWriter Output => output;
    }

    private sealed class ServerConnection : DefaultConnectionContext
    {
        private readonly MemoryClient _client;

        public ServerConnection(MemoryClient client)
            : base(
                Guid.NewGuid().ToString(),
                new Duplex(client._toServer.Reader, client._toClient.Writer),
                new Duplex(client._toClient.Reader, client._toServer.Writer)
            )
        {
            _client = client;
            ConnectionClosed = client._closed.Token;
        }

        public override void Abort(ConnectionAbortedException abortReason) => _client.End(abortReason);

        public override async ValueTask DisposeAsync()
        {
            await Transport.Input.CompleteAsync();
            await Transport.Output.CompleteAsync();
            await base.DisposeAsync();
        }
    }
}
