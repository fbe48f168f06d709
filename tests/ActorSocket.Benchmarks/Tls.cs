using System.Diagnostics;
using System.Globalization;
using System.Net.WebSockets;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using System.Text;

namespace ActorSocket.Benchmarks;

/// <summary>
/// WebSockets over TLS beside a bare Kestrel WebSocket over TLS: the server's CPU time for an echo and for a connection, and the memory of
/// an idle one: <c>-- tls [--idle N] [--rounds N]</c>. The clients are .NET's: they cost more than the servers, which only the rate feels.
/// </summary>
internal sealed class Tls(int idle, int rounds)
{
    private const int Talking = 100;
    private static readonly TimeSpan Window = TimeSpan.FromSeconds(2), Warmup = TimeSpan.FromSeconds(4);
    private static readonly string[] Peers = ["raw", "stock", "actorsocket"];

    /// <summary>Of nobody, for 127.0.0.1.</summary>
    public static X509Certificate2 NewCertificate()
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var request = new CertificateRequest("CN=127.0.0.1", key, HashAlgorithmName.SHA256);
        return request.CreateSelfSigned(DateTimeOffset.UtcNow.AddDays(-1), DateTimeOffset.UtcNow.AddDays(1));
    }

    public static async Task<int> RunAsync(string[] args)
    {
        var (idle, rounds) = (10_000, 5);
        for (var i = 0; i + 1 < args.Length; i += 2)
        {
            var value = int.Parse(args[i + 1], CultureInfo.InvariantCulture);
            (idle, rounds) = args[i] == "--idle" ? (value, rounds) : (idle, value);
        }
        await new Tls(idle, rounds).RunAsync();
        return 0;
    }

    private async Task RunAsync()
    {
        Load.Native.RaiseDescriptorLimit();
        Load.Native.PinThisProcess(1);
        var peers = Peers
            .Select(static name => Peer.All.Single(peer => peer.Name == name))
            .Select(static peer => peer with { Command = [.. peer.Command[..^1], "--tls=true", peer.Command[^1]] })
            .ToArray();
        var echoes = await EchoesAsync(peers);
        Say($"echo, {Talking} connections, 1 in flight, 64 B: µs", peers, echoes);
        var connecting = Array.ConvertAll(peers, static _ => new List<double>());
        var memory = Array.ConvertAll(peers, static _ => new List<double>());
        for (var round = 0; round < Math.Min(rounds, 3); round++)
        {
            for (var i = 0; i < peers.Length; i++)
            {
                var (cpu, bytes) = await IdleAsync(peers[i]);
                connecting[i].Add(cpu);
                memory[i].Add(bytes);
            }
        }
        Say("connecting: µs", peers, connecting);
        Say($"memory of an idle connection, of {idle}: bytes", peers, memory);
    }

    /// <summary>All servers run at once, and the load goes to them in turn: see <see cref="Compare"/>.</summary>
    private async Task<List<double>[]> EchoesAsync(Peer[] peers)
    {
        var costs = Array.ConvertAll(peers, static _ => new List<double>());
        var servers = new RunningPeer[peers.Length];
        var clients = new Client[peers.Length][];
        for (var i = 0; i < peers.Length; i++)
        {
            servers[i] = await peers[i].StartAsync(core: 0);
            clients[i] = await OpenAsync(servers[i], Talking, listens: false);
            await TalkAsync(clients[i], Warmup);
        }
        for (var round = 0; round < rounds; round++)
        {
            for (var i = 0; i < peers.Length; i++)
            {
                var before = Usage.CpuSeconds(servers[i].Pid);
                var echoes = await TalkAsync(clients[i], Window);
                costs[i].Add((Usage.CpuSeconds(servers[i].Pid) - before) * 1e6 / echoes);
            }
        }
        foreach (var client in clients.SelectMany(static some => some))
            client.Dispose();
        foreach (var server in servers)
            server.Dispose();
        return costs;
    }

    private async Task<(double Cpu, double Bytes)> IdleAsync(Peer peer)
    {
        using var server = await peer.StartAsync(core: 0);
        foreach (var client in await OpenAsync(server, 500, listens: true))
            client.Dispose();
        await Task.Delay(TimeSpan.FromSeconds(2)); // what has ended is gone
        var (cpu, bytes) = (Usage.CpuSeconds(server.Pid), Usage.ResidentBytes(server.Pid));
        var clients = await OpenAsync(server, idle, listens: true);
        cpu = Usage.CpuSeconds(server.Pid) - cpu;
        await Task.Delay(TimeSpan.FromSeconds(5));
        bytes = Usage.ResidentBytes(server.Pid) - bytes;
        foreach (var client in clients)
            client.Dispose();
        return (cpu * 1e6 / idle, (double)bytes / idle);
    }

    private static async Task<Client[]> OpenAsync(RunningPeer server, int count, bool listens)
    {
        var clients = new List<Client>(count);
        foreach (var some in Enumerable.Range(0, count).Chunk(50))
            clients.AddRange(await Task.WhenAll(some.Select(_ => Client.ConnectAsync(server, listens))));
        return [.. clients];
    }

    private static async Task<long> TalkAsync(Client[] clients, TimeSpan time)
    {
        var started = Stopwatch.GetTimestamp();
        var echoes = await Task.WhenAll(clients.Select(async client =>
        {
            var count = 0L;
            for (; Stopwatch.GetElapsedTime(started) < time; count++)
                await client.EchoAsync();
            return count;
        }));
        return echoes.Sum();
    }

    private static void Say(string what, Peer[] peers, List<double>[] costs)
    {
        Console.WriteLine(what);
        for (var i = 0; i < peers.Length; i++)
        {
            var ratios = costs[i].Zip(costs[0], static (own, raw) => own / raw).Order().ToArray();
            costs[i].Sort();
            Console.WriteLine(
                string.Create(
                    CultureInfo.InvariantCulture,
                    $"  {peers[i].Title, -28} {costs[i][0]:0.0} {costs[i][costs[i].Count / 2]:0.0} {costs[i][^1]:0.0}  ({ratios[ratios.Length / 2]:0.00})"
                )
            );
        }
    }

    /// <summary>One WebSocket, to a server that echoes what it is sent or that speaks Socket.IO.</summary>
    private sealed class Client(ClientWebSocket socket, bool isRaw) : IDisposable
    {
        private static readonly string Payload = new('x', 64);
        private static readonly byte[] Raw = Encoding.ASCII.GetBytes($"E{Payload}");

        private readonly byte[] _buffer = new byte[512];
        private int _next;

        /// <param name="server">Whose.</param>
        /// <param name="listens">Whether it does nothing but answer pings.</param>
        public static async Task<Client> ConnectAsync(RunningPeer server, bool listens)
        {
            var socket = new ClientWebSocket();
#pragma warning disable CA5359 // the certificate was made a moment ago, by the server that is measured
            socket.Options.RemoteCertificateValidationCallback = static (_, _, _, _) => true;
#pragma warning restore CA5359
            var isRaw = server.Peer.Name == "raw";
            await socket.ConnectAsync(new Uri($"wss://127.0.0.1:{server.Port}{server.Peer.Dialect.Path}"), default);
            var client = new Client(socket, isRaw);
            if (!isRaw)
            {
                await client.ReceiveAsync();
                await socket.SendAsync("40"u8.ToArray(), WebSocketMessageType.Text, endOfMessage: true, default);
                await client.ReceiveAsync();
            }
            if (listens)
                _ = client.ListenAsync();
            return client;
        }

        public async Task EchoAsync()
        {
            var message = isRaw ? Raw : Encoding.ASCII.GetBytes($"42{(uint)_next++}[\"echo\",\"{Payload}\"]");
            await socket.SendAsync(message, WebSocketMessageType.Text, endOfMessage: true, default);
            await ReceiveAsync();
        }

        public void Dispose() => socket.Dispose();

        private async Task ListenAsync()
        {
            try
            {
                while (socket.State == WebSocketState.Open)
                    await ReceiveAsync();
            }
            catch (Exception error) when (error is WebSocketException or ObjectDisposedException or OperationCanceledException)
            {
                // It is over.
            }
        }

        private async Task ReceiveAsync()
        {
            var received = await socket.ReceiveAsync(_buffer.AsMemory(), default);
            if (received.Count == 1 && _buffer[0] == '2')
            {
                await socket.SendAsync("3"u8.ToArray(), WebSocketMessageType.Text, endOfMessage: true, default);
                await ReceiveAsync();
            }
        }
    }
}
