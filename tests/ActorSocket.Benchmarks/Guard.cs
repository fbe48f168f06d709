using System.Globalization;
using ActorSocket.Benchmarks.Load;

namespace ActorSocket.Benchmarks;

/// <summary>
/// What handlers that block cost those that do not: a hundred connections send twenty echoes a second each, while others make their
/// handlers sleep, compute, wait for one another, or call their own server. On event loops, and on stock Kestrel with the thread pool:
/// <c>-- guard [--seconds N]</c>.
/// </summary>
internal sealed class Guard(double seconds)
{
    private const double WarmupSeconds = 4; // what blocks is known by then
    private static readonly double[] Quantiles = [0.5, 0.99, 1];

    /// <summary>Each of so many connections asks again as soon as it is answered.</summary>
    private static readonly (string Title, int Count, string Event)[] Cases =
    [
        ("nobody blocks", 0, ""),
        ("1 × Sleep(1000)", 1, "\"sleep\",1000"),
        ("50 × Sleep(1000)", 50, "\"sleep\",1000"),
        ("20 × Sleep(5)", 20, "\"sleep\",5"),
        ("1 × a computation of 1 s", 1, "\"compute\",1000"),
        ("2 that wait for each other", 2, "\"meet\""),
        ("1 that calls its own server, and waits", 1, "\"call\",100"),
        ("50 HTTP requests that block for 1 s", 50, ""),
    ];

    public static async Task<int> RunAsync(string[] args)
    {
        var seconds = args is ["--seconds", var value] ? double.Parse(value, CultureInfo.InvariantCulture) : 8;
        await new Guard(seconds).RunAsync();
        return 0;
    }

    private async Task RunAsync()
    {
        Native.RaiseDescriptorLimit();
        Native.PinThisProcess(1);
        var peers = Peer
            .All.Where(static peer => peer.IsOwn)
            .Select(static peer => peer with { Command = [.. peer.Command[..^1], "--blocks=true", peer.Command[^1]] })
            .ToArray();
        Console.WriteLine("From when an echo was due until it was received: p50, p99 and the longest, in ms.");
        Console.WriteLine($"| | {string.Join(" | ", peers.Select(static peer => peer.Title))} |");
        Console.WriteLine($"|---|{string.Concat(peers.Select(static _ => "---|"))}");
        foreach (var (title, count, asks) in Cases)
        {
            var cells = new List<string>();
            foreach (var peer in peers)
            {
                using var server = await peer.StartAsync(core: 0);
                cells.Add(await MeasureAsync(server, count, asks));
            }
            Console.WriteLine($"| {title} | {string.Join(" | ", cells)} |");
        }
    }

    private async Task<string> MeasureAsync(RunningPeer server, int count, string asks)
    {
        using var poller = new Poller();
        using var over = new CancellationTokenSource();
        var load = new WebSocketLoad(poller, server.Port, server.Peer.Dialect, new Traffic(100) { EchoRate = 2000 });
        try
        {
            load.Open();
            var blocking = asks.Length == 0 ? [] : Enumerable.Range(0, count).Select(i => new Blocker(poller, server, i, asks)).ToArray();
            var requests = asks.Length == 0 ? count : 0;
            var asking = Enumerable.Range(0, requests).Select(_ => AskAsync(server.Port, over.Token)).ToArray();
            load.Start();
            load.RunFor(WarmupSeconds);
            load.Latencies.Clear();
            load.RunFor(seconds);
            load.Stop(); // what was due in this time counts when it comes
            var times = Quantiles.Select(quantile => load.Latencies.Microseconds(quantile) / 1000).ToArray();
            await over.CancelAsync();
            await Task.WhenAll(asking);
            var answered = blocking.Sum(static one => one.Answered);
            return string.Create(CultureInfo.InvariantCulture, $"{times[0]:0.00}; {times[1]:0.0}; {times[2]:0}")
                + (blocking.Length > 0 ? $" ({answered} answered)" : "");
        }
        catch (LoadFailure failure)
        {
            return failure.Message;
        }
    }

    private static async Task AskAsync(int port, CancellationToken over)
    {
        using var http = new HttpClient();
        try
        {
            while (true)
                await http.GetStringAsync(new Uri($"http://127.0.0.1:{port}/sleep?ms=1000"), over);
        }
        catch (OperationCanceledException)
        {
            // It is measured.
        }
    }

    /// <summary>A client whose handler is busy all the time.</summary>
    private sealed class Blocker : IClientOwner
    {
        private readonly string _asks;

        public Blocker(Poller poller, RunningPeer server, int index, string asks)
        {
            _asks = asks;
            _ = new WebSocketClient(poller, server.Port, server.Peer.Dialect, this, index);
        }

        public int Answered { get; private set; }

        public void OnReady(WebSocketClient client) => Ask(client);

        public void OnReply(WebSocketClient client, uint id, ReadOnlySpan<byte> payload)
        {
            Answered++;
            Ask(client);
        }

        public void OnBroadcast(WebSocketClient client, ReadOnlySpan<byte> payload)
        {
        }

        private void Ask(WebSocketClient client) =>
            client.SendText(new MessageWriter(client.Compose).Add("42"u8).Add(client.NextRequest++).Add($"[{_asks}]").Written);
    }
}
