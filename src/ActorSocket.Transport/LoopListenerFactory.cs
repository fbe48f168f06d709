using System.Diagnostics.Metrics;
using System.Net;
using System.Net.Sockets;
using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.Server.Kestrel.Transport.Sockets;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using NetSocket = System.Net.Sockets.Socket;

namespace ActorSocket.EventLoops;

/// <summary>Kestrel's transport for IP on Linux. What it cannot bind, the transport that was there before it does.</summary>
internal sealed class LoopListenerFactory(
    IOptions<ActorSocketTransportOptions> options, IOptions<SocketTransportOptions> sockets, ILoggerFactory logs, IMeterFactory meters)
    : IConnectionListenerFactory, IConnectionListenerFactorySelector, IDisposable
{
    private readonly Lock _gate = new();
    private readonly TransportLog _log = new(logs.CreateLogger("ActorSocket.Transport"));
    private readonly LoopMetrics _metrics = new(meters);
    private EventLoop[] _loops = [];
    private LoopGuard? _guard;
    private bool _isOver;

    /// <summary>Of its loops, once there are any.</summary>
    public LoopGuard? Guard => _guard;

    public bool CanBind(EndPoint endpoint)
    {
        if (!Libc.IsSupported)
            _log.FallsBack(endpoint, "event loops need Linux on x64 or arm64");
        else if (endpoint is not IPEndPoint)
            _log.FallsBack(endpoint, "event loops serve IP addresses");
        else
            return true;
        return false;
    }

    public ValueTask<IConnectionListener> BindAsync(EndPoint endpoint, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(endpoint);
        NetSocket? socket = null;
        try
        {
            socket = sockets.Value.CreateBoundListenSocket(endpoint);
            socket.NoDelay = sockets.Value.NoDelay; // what is accepted has it from here
            socket.Blocking = false;
            socket.Listen(sockets.Value.Backlog);
            return new(new LoopListener(socket, Loops(), new LoopSettings(sockets.Value, _log, _metrics)));
        }
        catch (SocketException error) when (error.SocketErrorCode == SocketError.AddressAlreadyInUse)
        {
            socket?.Dispose();
            throw new AddressInUseException(error.Message, error);
        }
        catch
        {
            socket?.Dispose();
            throw;
        }
    }

    public void Dispose()
    {
        lock (_gate)
        {
            _isOver = true;
            foreach (var loop in _loops)
                loop.Dispose();
            _loops = [];
            _guard?.Dispose();
        }
    }

    /// <summary>They start with the first endpoint.</summary>
    private EventLoop[] Loops()
    {
        lock (_gate)
        {
            ObjectDisposedException.ThrowIf(_isOver, this);
            if (_loops.Length == 0)
                _loops = Start(options.Value.LoopCount);
            return _loops;
        }
    }

    private EventLoop[] Start(int count)
    {
        _guard ??= new LoopGuard(Math.Max(options.Value.MaxThreads, count), _log, _metrics);
        var loops = new List<EventLoop>(count);
        try
        {
            while (loops.Count < count)
                loops.Add(new EventLoop(loops.Count, _guard, _log));
            _metrics.Count([.. loops]);
            return [.. loops];
        }
        catch
        {
            loops.ForEach(static loop => loop.Dispose());
            throw;
        }
    }
}
