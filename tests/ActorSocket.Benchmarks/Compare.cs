using System.Diagnostics;
using System.Globalization;
using System.Runtime.InteropServices;
using ActorSocket.Benchmarks.Load;

namespace ActorSocket.Benchmarks;

/// <summary>What <c>compare</c> does; each has an option of its name.</summary>
internal sealed record CompareOptions
{
    public bool Quick { get; init; }

    public IReadOnlyList<string> Modes { get; init; } = [];

    public IReadOnlyList<string> Peers { get; init; } = [];

    /// <summary>Another build of this program, to compare ActorSocket with itself: the file to start.</summary>
    public string? Baseline { get; init; }

    /// <summary>The peer that the ratios are to.</summary>
    public string Reference { get; init; } = "node";

    public int Rounds { get; init; }

    /// <summary>Seconds.</summary>
    public double Warmup { get; init; }

    public double Window { get; init; }

    public int ServerCore { get; init; }

    public int LoadCore { get; init; } = 1;

    /// <summary>What everything else on the machine may use of one core during a window, in percent.</summary>
    public double MaxOtherCpu { get; init; } = 10;

    /// <summary>Windows that are taken again in a whole run: a machine that is never quiet must not make it endless.</summary>
    public int MaxRetries { get; init; }

    public string Out { get; init; } = "artifacts/benchmarks";

    /// <summary>Seconds after which no new mode begins.</summary>
    public double TimeLimit { get; init; }

    public static CompareOptions Parse(string[] args)
    {
        var quick = args.Contains("--quick");
        var options = new CompareOptions
        {
            Quick = quick,
            Rounds = quick ? 2 : 5,
            Warmup = quick ? 1.5 : 6,
            Window = quick ? 0.4 : 1,
            MaxRetries = quick ? 20 : 1000,
            TimeLimit = quick ? 265 : 3 * 3600,
        };
        for (var i = 0; i < args.Length; i++)
        {
            if (args[i] == "--quick")
                continue;
            if (i + 1 == args.Length)
                throw new LoadFailure($"{args[i]} wants a value");
            var value = args[i + 1];
            options = args[i++] switch
            {
                "--modes" => options with { Modes = value.Split(',') },
                "--peers" => options with { Peers = value.Split(',') },
                "--baseline" => options with { Baseline = Path.GetFullPath(value) },
                "--reference" => options with { Reference = value },
                "--rounds" => options with { Rounds = (int)Number(value) },
                "--warmup" => options with { Warmup = Number(value) },
                "--window" => options with { Window = Number(value) },
                "--server-core" => options with { ServerCore = (int)Number(value) },
                "--load-core" => options with { LoadCore = (int)Number(value) },
                "--max-other-cpu" => options with { MaxOtherCpu = Number(value) },
                "--time-limit" => options with { TimeLimit = Number(value) },
                "--out" => options with { Out = value },
                var unknown => throw new LoadFailure($"unknown option {unknown}"),
            };
        }
        return options;
    }

    private static double Number(string text) => double.Parse(text, CultureInfo.InvariantCulture);
}

/// <summary>One measured window.</summary>
/// <param name="Cost">Server CPU in µs for each unit; bytes for a memory mode.</param>
/// <param name="OtherCpu">What everything else used, in percent of one core.</param>
/// <param name="GeneratorBusy">How much of the time the generator had something to do, in percent; near 100 it is the bottleneck, and only
/// the rate suffers.</param>
/// <param name="Latency">Open loop: p50, p90, p99, p99.9 and the longest, in µs.</param>
internal sealed record Sample(double Cost, double PerSecond, double ServerCpu, double OtherCpu, double GeneratorBusy, double[]? Latency);

/// <summary>What one peer did in one mode: a sample for each round, or why there is none.</summary>
internal sealed record Result(Mode Mode, Peer Peer)
{
    public List<Sample> Samples { get; } = [];

    public string? Missing { get; set; }
}

/// <summary>
/// All servers run at once on one core; the load, on another, goes to them in turn: A B C A B C … What disturbs the machine for a while
/// then disturbs all alike, and the ratio of two neighbours is worth more than either figure.
/// </summary>
internal sealed class Compare(CompareOptions options)
{
    private const int SpareDescriptors = 500;
    private const double LeadIn = 0.15, MinWarmup = 1.5;
    private static readonly double[] Quantiles = [0.5, 0.9, 0.99, 0.999, 1];

    private readonly List<Result> _results = [];
    private readonly Dictionary<Peer, string> _absent = [];
    private readonly long _started = Stopwatch.GetTimestamp();
    private int _descriptors;
    private int _retries;

    /// <summary>Of modes that begin with thousands of new connections.</summary>
    private int HeavyRounds => options.Quick ? 1 : Math.Min(options.Rounds, 3);

    /// <summary>0 when every peer that runs here did everything it offers without a fault, 2 otherwise.</summary>
    public async Task<int> RunAsync()
    {
        var modes = Mode.All(options.Quick)
            .Where(mode => options.Modes.Count == 0 || options.Modes.Contains(mode.Name, StringComparer.Ordinal))
            .ToList();
        var peers = Peer.With(options.Baseline)
            .Where(peer => options.Peers.Count == 0 || options.Peers.Contains(peer.Name, StringComparer.Ordinal))
            .ToList();
        if (modes.Count < Math.Max(1, options.Modes.Count) || peers.Count < Math.Max(1, options.Peers.Count)) // one is unknown
            throw new LoadFailure(
                $"modes: {string.Join(',', Mode.All(true).Select(static mode => mode.Name))}; peers: "
                + $"{string.Join(',', Peer.All.Select(static peer => peer.Name))}"
            );
        if (Environment.ProcessorCount <= Math.Max(options.ServerCore, options.LoadCore))
            throw new LoadFailure("two cores are needed: one for the server, one for the load (--server-core, --load-core)");
        _descriptors = Native.RaiseDescriptorLimit();
        await Peer.InstallAsync();
        Native.PinThisProcess(options.LoadCore);

        using var terminated = PosixSignalRegistration.Create(PosixSignal.SIGTERM, static _ => RunningPeer.EndAll());
        using var interrupted = PosixSignalRegistration.Create(PosixSignal.SIGINT, static _ => RunningPeer.EndAll());
        var running = new List<RunningPeer>();
        try
        {
            foreach (var peer in peers)
            {
                try
                {
                    running.Add(await peer.StartAsync(options.ServerCore));
                }
                catch (Exception error) when (error is LoadFailure or System.ComponentModel.Win32Exception)
                {
                    _absent[peer] = error.Message;
                    Console.WriteLine($"{peer.Title} is left out: {error.Message}");
                }
            }
            foreach (var mode in modes)
                await MeasureAsync(mode, running);
        }
        finally
        {
            foreach (var peer in running)
                peer.Dispose();
        }
        new Report(options, _results, _absent, _retries).Write();
        return _results.Exists(static result => result.Missing is { } why && why.StartsWith("failed", StringComparison.Ordinal)) ? 2 : 0;
    }

    private async Task MeasureAsync(Mode mode, List<RunningPeer> running)
    {
        Console.WriteLine($"{Stopwatch.GetElapsedTime(_started):m\\:ss} {mode.Name}: {mode.Title}");
        var results = running.ConvertAll(peer => new Result(mode, peer.Peer) { Missing = WhyNot(mode, peer.Peer) });
        _results.AddRange(results);
        using var poller = new Poller();
        switch (mode)
        {
            case SteadyMode steady:
                Steady(steady, poller, running, results);
                break;
            case ConnectMode connect:
                Alternate(running, results, 1, peer => WarmConnecting(connect, poller, peer), static _ => { });
                Alternate(running, results, options.Rounds, peer => Undisturbed(() => Connecting(connect, poller, peer)), static _ => { });
                break;
            case MemoryMode memory:
                for (var round = 0; round < HeavyRounds; round++)
                {
                    foreach (var result in results)
                        await GuardAsync(result, async () => result.Samples.Add(await MemoryAsync(memory, poller, result.Peer)));
                }
                break;
        }
        foreach (var result in results)
            Console.WriteLine(
                $"     {result.Peer.Name, -12} "
                + $"{(result.Missing ?? string.Join("  ", result.Samples.Select(sample => Report.Cost(mode, sample.Cost))))}"
            );
    }

    private string? WhyNot(Mode mode, Peer peer)
    {
        if (Stopwatch.GetElapsedTime(_started).TotalSeconds > options.TimeLimit)
            return "no time left";
        if (options.Quick && !mode.IsQuickFor(peer))
            return "not in --quick";
        var needed = mode switch
        {
            SteadyMode steady => steady.Connections,
            ConnectMode connect => connect.Count,
            MemoryMode memory => memory.Count,
            _ => 0,
        };
        return needed + SpareDescriptors > _descriptors
            ? $"wants {needed + SpareDescriptors} descriptors, ulimit -n is {_descriptors}"
            : mode.WhyNot(peer);
    }

    private void Steady(SteadyMode mode, Poller poller, List<RunningPeer> running, List<Result> results)
    {
        if ((mode.Connections * running.Count) + SpareDescriptors > _descriptors)
        {
            // Too many to hold for all peers: each opens its own in each round.
            var warmed = new HashSet<RunningPeer>();
            Alternate(
                running,
                results,
                HeavyRounds,
                peer => Reopened(peer, warmed.Add(peer) ? options.Warmup : MinWarmup),
                _ => Settle(poller, mode.Connections)
            );
            return;
        }
        var loads = new Dictionary<RunningPeer, LoadBase>();
        Alternate(running, results, 1, Open, Close);
        Alternate(running, results, options.Rounds, peer => Undisturbed(() => Window(mode, loads[peer], poller, peer)), Close);
        foreach (var load in loads.Values)
            load.Close();
        Settle(poller, mode.Connections);

        Sample? Open(RunningPeer peer)
        {
            loads[peer] = mode.CreateLoad(poller, peer);
            loads[peer].Open();
            Warm(loads[peer], options.Warmup);
            return null;
        }

        Sample Reopened(RunningPeer peer, double warmup)
        {
            var load = mode.CreateLoad(poller, peer);
            try
            {
                load.Open();
                Warm(load, warmup);
                return Undisturbed(() => Window(mode, load, poller, peer));
            }
            finally
            {
                load.Close();
                Settle(poller, mode.Connections);
            }
        }

        void Close(RunningPeer peer) => loads.GetValueOrDefault(peer)?.Close();
    }

    private static void Warm(LoadBase load, double seconds)
    {
        load.Start();
        load.RunFor(seconds);
        load.Stop();
    }

    /// <summary>
    /// Each peer in turn, again and again. Who fails is out of this mode, also when it fails while another one is measured.
    /// </summary>
    private static void Alternate(
        List<RunningPeer> running,
        List<Result> results,
        int rounds,
        Func<RunningPeer, Sample?> measure,
        Action<RunningPeer> close
    )
    {
        for (var round = 0; round < rounds; round++)
        {
            for (var i = 0; i < running.Count; i++)
            {
                while (results[i].Missing is null)
                {
                    try
                    {
                        if (measure(running[i]) is { } sample)
                            results[i].Samples.Add(sample);
                        break;
                    }
                    catch (LoadFailure failure)
                    {
                        var guilty = running.FindIndex(peer => peer.Port == failure.Port) is >= 0 and var other ? other : i;
                        results[guilty].Missing = "failed: " + failure.Message;
                        close(running[guilty]);
                    }
                }
            }
        }
    }

    /// <summary>
    /// A window in which something else used the machine says little: it is taken again, a few times, and the quietest counts.
    /// </summary>
    private Sample Undisturbed(Func<Sample> measure)
    {
        var best = measure();
        for (var again = options.Quick ? 1 : 4; again > 0 && best.OtherCpu > options.MaxOtherCpu && _retries < options.MaxRetries; again--)
        {
            _retries++;
            var next = measure();
            if (next.OtherCpu < best.OtherCpu)
                best = next;
        }
        return best;
    }

    private Sample Window(SteadyMode mode, LoadBase load, Poller poller, RunningPeer peer)
    {
        load.Start();
        load.RunFor(LeadIn);
        load.Latencies.Clear();
        var unitsBefore = load.Units;
        var before = Snapshot.Take(peer, poller);
        load.RunFor(Math.Max(options.Window, mode.MinWindow));
        var latency = mode.IsOpenLoop ? Array.ConvertAll(Quantiles, load.Latencies.Microseconds) : null;
        var sample = before.To(Snapshot.Take(peer, poller), load.Units - unitsBefore, latency);
        load.Stop();
        return sample;
    }

    private Sample? WarmConnecting(ConnectMode mode, Poller poller, RunningPeer peer)
    {
        var started = Stopwatch.GetTimestamp();
        do
        {
            Connecting(mode, poller, peer);
        }
        while (Stopwatch.GetElapsedTime(started).TotalSeconds < options.Warmup);
        return null;
    }

    private static Sample Connecting(ConnectMode mode, Poller poller, RunningPeer peer)
    {
        var load = new WebSocketLoad(poller, peer.Port, peer.Peer.Dialect, new Traffic(mode.Count));
        var before = Snapshot.Take(peer, poller);
        load.Open();
        var sample = before.To(Snapshot.Take(peer, poller), mode.Count, null);
        load.Close();
        Settle(poller, mode.Count);
        return sample;
    }

    /// <summary>On a new server, because a heap that has grown does not shrink.</summary>
    private async Task<Sample> MemoryAsync(MemoryMode mode, Poller poller, Peer peer)
    {
        using var server = await peer.StartAsync(options.ServerCore);
        var warm = mode.CreateLoad(poller, server, 500);
        warm.Open();
        warm.Close();
        poller.RunFor(TimeSpan.FromSeconds(2));
        var load = mode.CreateLoad(poller, server, mode.Count);
        try
        {
            var before = Usage.ResidentBytes(server.Pid);
            load.Open();
            poller.RunFor(TimeSpan.FromSeconds(options.Quick ? 1 : 5));
            return new Sample((double)(Usage.ResidentBytes(server.Pid) - before) / mode.Count, 0, 0, 0, 0, null);
        }
        finally
        {
            load.Close();
        }
    }

    /// <summary>Lets the servers get rid of connections before another one is measured.</summary>
    private static void Settle(Poller poller, int connections) => poller.RunFor(TimeSpan.FromSeconds(0.1 + (connections / 5000.0)));

    private static async Task GuardAsync(Result result, Func<Task> action)
    {
        if (result.Missing is not null)
            return;
        try
        {
            await action();
        }
        catch (LoadFailure failure)
        {
            result.Missing = "failed: " + failure.Message;
        }
    }

    /// <summary>Everything that is counted at one moment.</summary>
    private sealed record Snapshot(long Time, double Server, double Machine, double Own, TimeSpan Idle)
    {
        public static Snapshot Take(RunningPeer peer, Poller poller) =>
            new(
                Stopwatch.GetTimestamp(),
                Usage.CpuSeconds(peer.Pid),
                Usage.MachineCpuSeconds(),
                Usage.CpuSeconds(Environment.ProcessId),
                poller.Idle
            );

        public Sample To(Snapshot end, long units, double[]? latency)
        {
            var seconds = Stopwatch.GetElapsedTime(Time, end.Time).TotalSeconds;
            var server = end.Server - Server;
            if (units == 0)
                throw new LoadFailure("nothing was received in a whole window");
            return new Sample(
                server * 1e6 / units,
                units / seconds,
                100 * server / seconds,
                Math.Max(100 * (end.Machine - Machine - server - (end.Own - Own)) / seconds, 0),
                100 * (1 - ((end.Idle - Idle).TotalSeconds / seconds)),
                latency);
        }
    }
}
