using System.Net;
using System.Net.Sockets;
using System.Threading.Channels;
using Microsoft.AspNetCore.Connections;
using NetSocket = System.Net.Sockets.Socket;

namespace ActorSocket.EventLoops;

/// <summary>One listening socket. What it accepts goes to the loops in turn.</summary>
internal sealed class LoopListener : IConnectionListener, ILoopReader
{
    private const int Batch = 32;
    private static readonly TimeSpan Breath = TimeSpan.FromMilliseconds(100);

    /// <summary>How long a stop waits for what Kestrel does not know any more: a closing handshake of WebSockets.</summary>
    private static readonly TimeSpan Farewell = TimeSpan.FromSeconds(1);

    private readonly Channel<ConnectionContext> _accepted =
        Channel.CreateUnbounded<ConnectionContext>(new UnboundedChannelOptions { SingleReader = true });

    private readonly TaskCompletionSource _closed = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly LoopSocket _socket;
    private readonly EventLoop[] _loops;
    private readonly LoopSettings _settings;
    private readonly Timer _pause;
    private readonly bool _isWildcard;
    private uint _next;

    public LoopListener(NetSocket listening, EventLoop[] loops, LoopSettings settings)
    {
        _loops = loops;
        _settings = settings;
        EndPoint = listening.LocalEndPoint!;
        _isWildcard =
            EndPoint is IPEndPoint { Address: var address } && (address.Equals(IPAddress.Any) || address.Equals(IPAddress.IPv6Any));
        _socket = new LoopSocket(loops[0], (int)listening.Handle, listening);
        _pause = new Timer(static socket => ((LoopSocket)socket!).Post(), _socket, Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
        _socket.Start(this);
    }

    public EndPoint EndPoint { get; }

    /// <summary>Where its connections come to, where that is the same for all.</summary>
    public EndPoint? SharedEndPoint => _isWildcard ? null : EndPoint;

    public async ValueTask<ConnectionContext?> AcceptAsync(CancellationToken cancellationToken = default)
    {
        while (await _accepted.Reader.WaitToReadAsync(cancellationToken).ConfigureAwait(false))
        {
            if (_accepted.Reader.TryRead(out var connection))
                return connection;
        }
        return null;
    }

    /// <summary>Once it has completed, which takes no time, the port is free.</summary>
    public ValueTask UnbindAsync(CancellationToken cancellationToken = default)
    {
        _socket.Close(reset: false);
        return new(_closed.Task);
    }

    public async ValueTask DisposeAsync()
    {
        await UnbindAsync().ConfigureAwait(false);
        await _settings.Direct.WhenNoneAsync(Farewell).ConfigureAwait(false);
        await _pause.DisposeAsync().ConfigureAwait(false);
    }

    void ILoopReader.OnReadable()
    {
        for (var i = 0; i < Batch; i++)
        {
            var descriptor = _socket.Accept(out var remote);
            if (descriptor < 0)
            {
                var error = Libc.LastError;
                switch (error)
                {
                    case Libc.Interrupted or Libc.ConnectionAborted:
                        continue;
                    case Libc.TooManyFiles or Libc.TooManyFilesInSystem or Libc.NoBuffers or Libc.NoMemory:
                        // Until something is closed nothing can be accepted, and the loop would be told so without an end.
                        _socket.Pause();
                        _pause.Change(Breath, Timeout.InfiniteTimeSpan);
                        _settings.Log.CannotAccept(error);
                        return;
                    default:
                        return;
                }
            }
            Take(descriptor, remote);
        }
    }

    /// <summary>One connection that cannot be served is no reason to take no others.</summary>
    private void Take(int descriptor, IPEndPoint? remote)
    {
        var connection = new LoopConnection(this, _loops[_next++ % (uint)_loops.Length], descriptor, remote, _settings);
        try
        {
            connection.Start();
        }
        catch (IOException error)
        {
            Libc.Close(descriptor);
            _settings.Log.CannotWatch(error);
            return;
        }
        if (!_accepted.Writer.TryWrite(connection))
            connection.Abort();
    }

    void ILoopReader.OnPosted() => _socket.Resume();

    void ILoopReader.OnClosing()
    {
        // Kestrel's view of it ends with it.
    }

    void ILoopReader.OnClosed()
    {
        _accepted.Writer.TryComplete();
        _closed.TrySetResult();
    }
}
