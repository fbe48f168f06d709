using System.Globalization;
using System.Net;
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
    private static readonly string[] Colours = ["#8c8c8c", "#c44e52", "#dd8452", "#4c72b0", "#ccb974", "#2e8b57"];

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
        File.WriteAllText(Path.Combine(options.Out, "compare.svg"), Chart());
        Console.WriteLine($"written to {options.Out}: compare.md, compare.json, compare.svg");
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

    /// <summary>A bar for each peer and mode on a logarithmic scale; the line is the reference.</summary>
    private string Chart()
    {
        const double left = 330, width = 620, bar = 11, gap = 14, least = 1.0 / 32, most = 8;
        static double X(double ratio) => left + (width * Math.Log(Math.Clamp(ratio, least, most) / least) / Math.Log(most / least));
        var svg = new StringBuilder();
        var y = 60.0;
        var body = new StringBuilder();
        foreach (var mode in _modes)
        {
            var bars = _peers
                .Select(peer => (Peer: peer, Ratio: Ratio(Of(mode, peer))))
                .Where(pair => pair.Ratio is not null && pair.Peer.Name != options.Reference)
                .ToList();
            if (bars.Count == 0)
                continue;
            body.AppendLine(
                Invariant(
                    $"<text x=\"{left - 8}\" y=\"{y + (bars.Count * bar / 2) + 4:F0}\" text-anchor=\"end\">{WebUtility.HtmlEncode(mode.Title.Length > 52 ? mode.Title[..50] + " …" : mode.Title)}</text>"
                )
            );
            foreach (var (peer, ratio) in bars)
            {
                var (from, to) = (Math.Min(X(1), X(ratio!.Value)), Math.Max(X(1), X(ratio.Value)));
                body.AppendLine(
                    Invariant(
                        $"<rect x=\"{from:F1}\" y=\"{y:F1}\" width=\"{Math.Max(to - from, 1):F1}\" height=\"{bar - 2}\" fill=\"{Colour(peer)}\"/><text x=\"{(ratio < 1 ? from - 3 : to + 3):F1}\" y=\"{y + 8:F1}\" font-size=\"9\"{(ratio < 1 ? " text-anchor=\"end\"" : "")}>{ratio:F2}</text>"
                    )
                );
                y += bar;
            }
            y += gap;
        }
        svg.AppendLine(
            Invariant(
                $"<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"1000\" height=\"{y + 20:F0}\" font-family=\"sans-serif\" font-size=\"11\">"
            )
        );
        svg.AppendLine(Invariant($"<rect width=\"1000\" height=\"{y + 20:F0}\" fill=\"#fff\"/>"));
        svg.AppendLine(
            Invariant(
                $"<text x=\"{left}\" y=\"18\">Cost relative to {WebUtility.HtmlEncode(Title(options.Reference))} (logarithmic; left of the line: less)</text>"
            )
        );
        var x = left;
        foreach (var peer in _peers.Where(peer => peer.Name != options.Reference))
        {
            svg.AppendLine(
                Invariant(
                    $"<rect x=\"{x:F0}\" y=\"26\" width=\"10\" height=\"10\" fill=\"{Colour(peer)}\"/><text x=\"{x + 14:F0}\" y=\"35\">{WebUtility.HtmlEncode(peer.Title)}</text>"
                )
            );
            x += 24 + (peer.Title.Length * 6);
        }
        foreach (var tick in new[] { 1.0 / 16, 1.0 / 8, 0.25, 0.5, 1, 2, 4 })
            svg.AppendLine(
                Invariant(
                    $"<line x1=\"{X(tick):F1}\" y1=\"50\" x2=\"{X(tick):F1}\" y2=\"{y:F0}\" stroke=\"{(tick == 1 ? "#000" : "#ddd")}\"/><text x=\"{X(tick):F1}\" y=\"{y + 12:F0}\" text-anchor=\"middle\" fill=\"#666\">{tick:0.###}</text>"
                )
            );
        return svg.Append(body).AppendLine("</svg>").ToString();
    }

    private Result Of(Mode mode, Peer peer) => results.Find(result => result.Mode == mode && result.Peer == peer)!;

    private string Title(string name) => _peers.Find(peer => peer.Name == name)?.Title ?? name;

    private string Colour(Peer peer) => Colours[_peers.IndexOf(peer) % Colours.Length];

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
