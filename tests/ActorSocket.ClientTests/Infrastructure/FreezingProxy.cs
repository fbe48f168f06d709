using System.Net;
using System.Net.Sockets;
using TcpSocket = System.Net.Sockets.Socket;

namespace ActorSocket.ClientTests.Infrastructure;

/// <summary>
/// A TCP proxy that can go silent without a FIN, as when a cable is pulled. After the thaw new connections work; the frozen ones never do
/// again.
/// </summary>
internal sealed class FreezingProxy : IAsyncDisposable
{
    private readonly TcpListener _listener = new(IPAddress.Loopback, 0);
    private readonly Lock _gate = new();
    private readonly List<Connection> _connections = [];
    private readonly CancellationTokenSource _end = new();
    private readonly int _target;
    private readonly Task _accepting;
    private bool _freezing;

    public FreezingProxy(Uri target)
    {
        _target = target.Port;
        _listener.Start();
        Url = new Uri($"http://127.0.0.1:{((IPEndPoint)_listener.LocalEndpoint).Port}");
        _accepting = AcceptAsync();
    }

    public Uri Url { get; }

    /// <summary>From now on nothing passes, and neither end is told.</summary>
    public void Freeze()
    {
        lock (_gate)
        {
            _freezing = true;
            foreach (var connection in _connections)
                connection.Frozen = true;
        }
    }

    /// <summary>Connections made from now on work.</summary>
    public void Thaw()
    {
        lock (_gate)
            _freezing = false;
    }

    public async ValueTask DisposeAsync()
    {
        await _end.CancelAsync();
        _listener.Dispose();
        await _accepting.WaitForAsync("the proxy to end");
        foreach (var connection in _connections)
            connection.Dispose();
        _end.Dispose();
    }

    private async Task AcceptAsync()
    {
        try
        {
            while (true)
            {
                var connection = new Connection(await _listener.AcceptSocketAsync(_end.Token));
                lock (_gate)
                {
                    connection.Frozen = _freezing;
                    _connections.Add(connection);
                }

                _ = connection.RunAsync(_target, _end.Token);
            }
        }
        catch (Exception e) when (e is OperationCanceledException or SocketException or ObjectDisposedException)
        {
            // The end of the test.
        }
    }

    private sealed class Connection(TcpSocket client) : IDisposable
    {
        private readonly TcpSocket _server = new(SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
        private volatile bool _frozen;

        public bool Frozen
        {
            get => _frozen;
            set => _frozen = value;
        }

        public void Dispose()
        {
            client.Dispose();
            _server.Dispose();
        }

        public async Task RunAsync(int target, CancellationToken end)
        {
            try
            {
                client.NoDelay = true;
                if (Frozen)
                    return;
                await _server.ConnectAsync(IPAddress.Loopback, target, end);
                await Task.WhenAll(PumpAsync(client, _server, end), PumpAsync(_server, client, end));
            }
            catch (Exception e) when (e is OperationCanceledException or SocketException or ObjectDisposedException)
            {
                // One end is gone; the other learns it, unless the cable is pulled.
                if (!Frozen)
                    Dispose();
            }
        }

        private async Task PumpAsync(TcpSocket from, TcpSocket to, CancellationToken end)
        {
            var buffer = new byte[16 * 1024];
            while (true)
            {
                var count = await from.ReceiveAsync(buffer, SocketFlags.None, end);
                if (Frozen)
                    return;
                if (count == 0)
                {
                    to.Shutdown(SocketShutdown.Send);
                    return;
                }

                for (var sent = 0; sent < count;)
                    sent += await to.SendAsync(buffer.AsMemory(sent, count - sent), SocketFlags.None, end);
            }
        }
    }
}
