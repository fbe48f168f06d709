using System.Globalization;
using System.Runtime.InteropServices;
using System.Text;
using System.Text.Encodings.Web;
using System.Text.Json;

namespace ActorSocket.Benchmarks;

/// <summary>The outcome of a comparison as a Markdown table, as JSON with every sample, and as a chart of the ratios.</summary>
internal sealed class Report(CompareOptions options, List<Result> results, Dictionary<Peer, string> absent, int retries)
{
    private static readonly JsonSerializerOptions Json = new()
    {
        WriteIndented = true,
        Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping,
    };

    private readonly List<Peer> _peers = [.. results.Select(static result => result.Peer).Distinct()];
    private readonly List<Mode> _modes = [.. results.Select(static result => result.Mode).Distinct()];

    public void Write()
    {
        var markdown = Markdown();
        Console.WriteLine();
        Console.WriteLine(markdown);
        Directory.CreateDirectory(options.Out);
        File.WriteAllText(Path.Combine(options.Out, "compare.md"), markdown);
        File.WriteAllText(Path.Combine(options.Out, "compare.json"), AsJson() + "\n");
        Chart().Write(options.Out);
        Console.WriteLine($"written to {options.Out}: compare.md, compare.json, compare.svg, compare-short.svg");
    }

    /// <summary>A cost as it stands in the tables.</summary>
    public static string Cost(Mode mode, double cost) =>
        mode is MemoryMode ? Invariant($"{cost / 1024:F1} KB") : Invariant($"{(cost < 10 ? Math.Round(cost, 2) : Math.Round(cost, 1))}");

    private string Markdown()
    {
        var text = new StringBuilder();
        text.AppendLine(
            Invariant(
                $"{DateTime.UtcNow:yyyy-MM-dd}, {Processor()}, {Environment.ProcessorCount} cores, {Environment.OSVersion.VersionString}. {string.Join(", ", Versions())}."
            )
        );
        text.AppendLine(
            Invariant(
                $"Command: `{Command()}`. {options.Rounds} rounds of {options.Window} s after {options.Warmup} s of warm-up for each mode; {retries} windows were taken again because something else used more than {options.MaxOtherCpu} % of a core."
            )
        );
        text.AppendLine();
        text.AppendLine(
            "Server CPU in µs for each unit, or memory for each connection: the median; in brackets the median of the ratios, round by round, to the first column (below 1: less)."
        );
        text.AppendLine();
        Table(text, "mode", _modes, (mode, peer) => Cell(Of(mode, peer)));
        var openLoop = _modes.Where(static mode => mode is SteadyMode { IsOpenLoop: true }).ToList();
        if (openLoop.Count > 0)
        {
            text.AppendLine();
            text.AppendLine(
                "Open loop: from when a message was due until it was received, in µs: p50 / p90 / p99 / p99.9 / longest, medians of the rounds."
            );
            text.AppendLine();
            Table(text, "mode", openLoop, (mode, peer) => Latencies(Of(mode, peer)));
        }
        var disturbed = results
            .Where(result => result.Samples.Exists(sample => sample.OtherCpu > options.MaxOtherCpu))
            .Select(static result => $"{result.Mode.Name} ({result.Peer.Name})")
            .ToList();
        if (disturbed.Count > 0)
            text.AppendLine().AppendLine("Disturbed, although taken again: " + string.Join(", ", disturbed) + ".");
        foreach (var (peer, why) in absent)
            text.AppendLine().AppendLine($"{peer.Title} does not run here: {why.Trim()}");
        foreach (
            var result in results.Where(static result => result.Missing is { } why && why.StartsWith("failed", StringComparison.Ordinal))
        )
            text.AppendLine().AppendLine($"{result.Mode.Name}, {result.Peer.Title}: {result.Missing}");
        return text.ToString();
    }

    private void Table(StringBuilder text, string head, List<Mode> modes, Func<Mode, Peer, string> cell)
    {
        text.AppendLine($"| {head} | {string.Join(" | ", _peers.Select(static peer => peer.Title))} |");
        text.AppendLine("|---|" + string.Concat(Enumerable.Repeat("---|", _peers.Count)));
        foreach (var mode in modes)
            text.AppendLine($"| {mode.Title} | {string.Join(" | ", _peers.Select(peer => cell(mode, peer)))} |");
    }

    private string Cell(Result result)
    {
        if (result.Samples.Count == 0 || result.Missing is not null)
            return result.Missing is { } why ? why.StartsWith("failed", StringComparison.Ordinal) ? "failed" : why : "–";
        var cost = Cost(result.Mode, Median(result.Samples.Select(static sample => sample.Cost)));
        return Ratio(result) is not { } ratio
            ? cost
            : Invariant($"{cost} ({(result.Peer.IsOwn ? "**" : "")}{ratio:F2}{(result.Peer.IsOwn ? "**" : "")})");
    }

    private static string Latencies(Result result)
    {
        if (result.Missing is not null || result.Samples is not [{ Latency: not null }, ..])
            return "–";
        return string.Join(
            " / ",
            Enumerable.Range(0, 5).Select(i => Invariant($"{Median(result.Samples.Select(sample => sample.Latency![i])):F0}"))
        );
    }

    /// <summary>The median of the ratios, round by round, to the reference peer; null when either has nothing.</summary>
    private double? Ratio(Result result)
    {
        var reference = results.Find(other => other.Mode == result.Mode && other.Peer.Name == options.Reference);
        if (
            reference is not { Missing: null }
            || result.Missing is not null
            || result.Samples.Count == 0
            || reference.Samples.Count != result.Samples.Count
        )
            return null;
        return Median(result.Samples.Zip(reference.Samples, static (own, other) => own.Cost / other.Cost));
    }

    private string AsJson() => JsonSerializer.Serialize(
        new
        {
            date = DateTime.UtcNow.ToString("O", CultureInfo.InvariantCulture),
            processor = Processor(),
            cores = Environment.ProcessorCount,
            system = Environment.OSVersion.VersionString,
            versions = Versions(),
            command = Command(),
            reference = options.Reference,
            retries,
            absent = absent.ToDictionary(static pair => pair.Key.Name, static pair => pair.Value, StringComparer.Ordinal),
            results = results.Select(result => new
            {
                mode = result.Mode.Name,
                title = result.Mode.Title,
                unit = result.Mode.Unit,
                peer = result.Peer.Name,
                missing = result.Missing,
                ratio = Ratio(result),
                samples = result.Samples,
            }),
        },
        Json);

    private Chart Chart()
    {
        var chart = new Chart(options.Reference, _peers);
        foreach (var mode in _modes)
            chart.Add(mode.Name, mode.Title, _peers.Select(peer => (peer, Ratio(Of(mode, peer)))));
        return chart;
    }

    private Result Of(Mode mode, Peer peer) => results.Find(result => result.Mode == mode && result.Peer == peer)!;

    private string Command() =>
        "dotnet run -c Release --project tests/ActorSocket.Benchmarks -- compare"
        + (options.Quick ? " --quick" : "")
        + (options.Modes.Count > 0 ? " --modes " + string.Join(',', options.Modes) : "")
        + (options.Peers.Count > 0 ? " --peers " + string.Join(',', options.Peers) : "");

    private static IEnumerable<string> Versions()
    {
        yield return RuntimeInformation.FrameworkDescription;
        yield return "Akka " + typeof(Akka.Actor.ActorSystem).Assembly.GetName().Version!.ToString(3);
        yield return "Node " + Said("node", "--version");
        foreach (
            var package in new[]
            {
                "socket.io",
                "engine.io/node_modules/ws",
                "bun",
                "@socket.io/bun-engine",
                "@btc-vision/uwebsockets.js",
                "@trufflesuite/uws-js-unofficial",
            }
        )
        {
            var manifest = Path.Combine(Peer.Folder, "node_modules", package, "package.json");
            if (File.Exists(manifest))
            {
                var version = JsonDocument.Parse(File.ReadAllText(manifest)).RootElement.GetProperty("version");
                yield return $"{package.Split("node_modules/")[^1]} {version}";
            }
        }
    }

    private static string Said(string program, string argument)
    {
        using var process = System.Diagnostics.Process.Start(
            new System.Diagnostics.ProcessStartInfo(program, argument) { RedirectStandardOutput = true, UseShellExecute = false }
        )!;
        return process.StandardOutput.ReadToEnd().Trim();
    }

    private static string Processor() =>
        File.ReadLines("/proc/cpuinfo")
            .FirstOrDefault(static line => line.StartsWith("model name", StringComparison.Ordinal))
            ?.Split(':')[1]
            .Trim()
        ?? RuntimeInformation.ProcessArchitecture.ToString();

    private static double Median(IEnumerable<double> values)
    {
        var sorted = values.Order().ToArray();
        return sorted.Length % 2 == 1 ? sorted[sorted.Length / 2] : (sorted[(sorted.Length / 2) - 1] + sorted[sorted.Length / 2]) / 2;
    }

    private static string Invariant(FormattableString text) => text.ToString(CultureInfo.InvariantCulture);
}
