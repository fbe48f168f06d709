using System.Net;
using System.Net.Sockets;
using System.Text;

namespace ActorSocket.ClusterTests.Infrastructure;

/// <summary>
/// The network between nodes. Every node is known to the others by an address of its own (127.0.0.11 and so on) at which this listens; a
/// connection's first message says whose it is. So each pair of nodes can be cut apart: then nothing passes between them, and no connection
/// ends, as if a cable were pulled.
/// </summary>
internal sealed class Network : IAsyncDisposable
{
    private readonly Lock _gate = new();
    private readonly List<TcpListener> _listeners = [];
    private readonly List<string> _names = [];
    private readonly List<Cable> _cables = [];
    private readonly HashSet<(string, string)> _cut = [];
    private readonly CancellationTokenSource _end = new();

    /// <summary>Listens for a node; the options make the node known by this address.</summary>
    public string[] Add(int publicPort, int port)
    {
        var name = $"127.0.0.{11 + _names.Count}";
        _names.Add(name);
        var listener = new TcpListener(IPAddress.Parse(name), publicPort);
        listener.Start();
        _listeners.Add(listener);
        _ = AcceptAsync(listener, name, port);
        return [$"--ActorSocket:Cluster:PublicHostname={name}", $"--ActorSocket:Cluster:PublicPort={publicPort}"];
    }

    public string NameOf(int node) => _names[node];

    /// <summary>From here on nothing passes between these two nodes.</summary>
    public void Cut(int one, int other)
    {
        lock (_gate)
        {
            _cut.Add(Pair(_names[one], _names[other]));
            foreach (var cable in _cables.Where(cable => _cut.Contains(cable.Ends)))
                cable.IsCut = true;
        }
    }

    /// <summary>Ends all connections between two nodes: what was under way is lost, and they connect anew.</summary>
    public void Reset(int one, int other)
    {
        lock (_gate)
        {
            foreach (var cable in _cables.Where(cable => cable.Ends == Pair(_names[one], _names[other])))
                cable.Reset();
        }
    }

    public async ValueTask DisposeAsync()
    {
        await _end.CancelAsync();
        foreach (var listener in _listeners)
            listener.Dispose();
        lock (_gate)
        {
            foreach (var cable in _cables)
                cable.Reset();
        }
        _end.Dispose();
    }

    private static (string, string) Pair(string one, string other) => string.CompareOrdinal(one, other) < 0 ? (one, other) : (other, one);

    private async Task AcceptAsync(TcpListener listener, string name, int port)
    {
        try
        {
            while (true)
                _ = ServeAsync(await listener.AcceptTcpClientAsync(_end.Token), name, port);
        }
        catch (Exception e) when (e is OperationCanceledException or ObjectDisposedException or SocketException)
        {
            // The end.
        }
    }

    private async Task ServeAsync(TcpClient from, string name, int port)
    {
        var cable = new Cable(from);
        lock (_gate)
            _cables.Add(cable);
        try
        {
            var buffer = new byte[64 * 1024];
            var length = await from.GetStream().ReadAsync(buffer, _end.Token);
            // Akka's first message is Associate, with the sender's address in it.
            var text = Encoding.Latin1.GetString(buffer, 0, length);
            var sender = _names.FirstOrDefault(other => other != name && text.Contains(other, StringComparison.Ordinal)) ?? "";
            lock (_gate)
            {
                cable.Ends = Pair(sender, name);
                cable.IsCut = _cut.Contains(cable.Ends);
            }
            await cable.To.ConnectAsync(IPAddress.Loopback, port, _end.Token);
            if (!cable.IsCut)
                await cable.To.GetStream().WriteAsync(buffer.AsMemory(0, length), _end.Token);
            await Task.WhenAny(cable.PumpAsync(from, cable.To, _end.Token), cable.PumpAsync(cable.To, from, _end.Token));
        }
        catch (Exception e)
            when (e is IOException or SocketException or OperationCanceledException or ObjectDisposedException or InvalidOperationException)
        {
            // One of the two is gone.
        }
        finally
        {
            if (!cable.IsCut)
                cable.Reset();
        }
    }

    private sealed class Cable(TcpClient from)
    {
        public TcpClient To { get; } = new();

        public (string, string) Ends { get; set; }

        public bool IsCut { get; set; }

        public void Reset()
        {
            from.Close();
            To.Close();
        }

        public async Task PumpAsync(TcpClient source, TcpClient target, CancellationToken end)
        {
            var buffer = new byte[64 * 1024];
            while (await source.GetStream().ReadAsync(buffer, end) is > 0 and var length)
            {
                if (!IsCut)
                    await target.GetStream().WriteAsync(buffer.AsMemory(0, length), end);
            }
        }
    }
}
