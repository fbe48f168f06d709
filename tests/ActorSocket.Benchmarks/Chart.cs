using System.Globalization;
using System.Net;
using System.Text;
using System.Text.Json;

namespace ActorSocket.Benchmarks;

/// <summary>A bar for each peer and mode on a logarithmic scale; the line is the reference.</summary>
internal sealed class Chart(string reference, IReadOnlyList<Peer> peers)
{
    private const double Width = 1000, Left = 330, Scale = 620, Bar = 11, Gap = 14, LegendLine = 16, Least = 1.0 / 32, Most = 8;

    /// <summary>The modes of the short chart, which the README shows.</summary>
    private static readonly string[] Short =
        ["echo1", "echo16", "echo4k", "fan1k", "rooms", "latency", "polling", "connect", "memory", "mixed"];

    private static readonly string[] Colours = ["#8c8c8c", "#c44e52", "#dd8452", "#4c72b0", "#ccb974", "#2e8b57", "#174f31", "#937860"];

    private readonly List<(string Mode, string Title, List<(Peer Peer, double Ratio)> Bars)> _rows = [];

    /// <summary>Adds the bars of one mode.</summary>
    public void Add(string mode, string title, IEnumerable<(Peer Peer, double? Ratio)> ratios)
    {
        var bars = ratios
            .Where(pair => pair.Ratio is not null && pair.Peer.Name != reference)
            .Select(static pair => (pair.Peer, pair.Ratio!.Value))
            .ToList();
        if (bars.Count > 0)
            _rows.Add((mode, title, bars));
    }

    /// <summary>Writes <c>compare.svg</c>, and <c>compare-short.svg</c> with the modes that say most.</summary>
    public void Write(string folder)
    {
        File.WriteAllText(Path.Combine(folder, "compare.svg"), Draw(_rows));
        var few = _rows.Where(static row => Short.Contains(row.Mode)).ToList();
        if (few.Count > 0)
            File.WriteAllText(Path.Combine(folder, "compare-short.svg"), Draw(few));
    }

    /// <summary>Draws what an earlier comparison wrote, without measuring anything.</summary>
    public static int Redraw(string folder)
    {
        using var json = JsonDocument.Parse(File.ReadAllText(Path.Combine(folder, "compare.json")));
        var results = json
            .RootElement.GetProperty("results")
            .EnumerateArray()
            .Select(static result => (
                Mode: result.GetProperty("mode").GetString()!,
                Title: result.GetProperty("title").GetString()!,
                Peer: Peer.With("").Single(peer => peer.Name == result.GetProperty("peer").GetString()),
                Ratio: result.GetProperty("ratio") is { ValueKind: JsonValueKind.Number } ratio ? ratio.GetDouble() : (double?)null
            ))
            .ToList();
        var chart = new Chart(
            json.RootElement.GetProperty("reference").GetString()!,
            [.. results.Select(static result => result.Peer).DistinctBy(static peer => peer.Name, StringComparer.Ordinal)]
        );
        foreach (var mode in results.GroupBy(static result => result.Mode, StringComparer.Ordinal))
            chart.Add(mode.Key, mode.First().Title, mode.Select(static result => (result.Peer, result.Ratio)));
        chart.Write(folder);
        return 0;
    }

    private string Draw(IReadOnlyList<(string Mode, string Title, List<(Peer Peer, double Ratio)> Bars)> rows)
    {
        var legend = Legend(out var top);
        var y = top + 24;
        var body = new StringBuilder();
        foreach (var (_, title, bars) in rows)
        {
            body.AppendLine(
                Invariant(
                    $"<text x=\"{Left - 8}\" y=\"{y + (bars.Count * Bar / 2) + 4:F0}\" text-anchor=\"end\">{Text(title.Length > 52 ? title[..50] + " …" : title)}</text>"
                )
            );
            foreach (var (peer, ratio) in bars)
            {
                var (from, to) = (Math.Min(X(1), X(ratio)), Math.Max(X(1), X(ratio)));
                body.AppendLine(
                    Invariant(
                        $"<rect x=\"{from:F1}\" y=\"{y:F1}\" width=\"{Math.Max(to - from, 1):F1}\" height=\"{Bar - 2}\" fill=\"{Colour(peer)}\"/><text x=\"{(ratio < 1 ? from - 3 : to + 3):F1}\" y=\"{y + 8:F1}\" font-size=\"9\"{(ratio < 1 ? " text-anchor=\"end\"" : "")}>{ratio:F2}</text>"
                    )
                );
                y += Bar;
            }
            y += Gap;
        }
        var svg = new StringBuilder();
        svg.AppendLine(
            Invariant(
                $"<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"{Width}\" height=\"{y + 20:F0}\" font-family=\"sans-serif\" font-size=\"11\">"
            )
        );
        svg.AppendLine(Invariant($"<rect width=\"{Width}\" height=\"{y + 20:F0}\" fill=\"#fff\"/>"));
        var what = peers.FirstOrDefault(peer => peer.Name == reference)?.Title ?? reference;
        svg.AppendLine(Invariant($"<text x=\"8\" y=\"18\">Cost relative to {Text(what)} (logarithmic; left of the line: less)</text>"));
        svg.Append(legend);
        foreach (var tick in new[] { 1.0 / 16, 1.0 / 8, 0.25, 0.5, 1, 2, 4 })
            svg.AppendLine(
                Invariant(
                    $"<line x1=\"{X(tick):F1}\" y1=\"{top + 14}\" x2=\"{X(tick):F1}\" y2=\"{y:F0}\" stroke=\"{(tick == 1 ? "#000" : "#ddd")}\"/><text x=\"{X(tick):F1}\" y=\"{y + 12:F0}\" text-anchor=\"middle\" fill=\"#666\">{tick:0.###}</text>"
                )
            );
        return svg.Append(body).AppendLine("</svg>").ToString();
    }

    /// <summary>As many lines as its entries need; the width of a text is a guess, and a generous one.</summary>
    private StringBuilder Legend(out double top)
    {
        var text = new StringBuilder();
        var x = 8.0;
        top = 26;
        foreach (var peer in peers.Where(peer => peer.Name != reference))
        {
            var width = 26 + (peer.Title.Length * 6.5);
            if (x + width > Width)
                (x, top) = (8, top + LegendLine);
            text.AppendLine(
                Invariant(
                    $"<rect x=\"{x:F0}\" y=\"{top}\" width=\"10\" height=\"10\" fill=\"{Colour(peer)}\"/><text x=\"{x + 14:F0}\" y=\"{top + 9}\">{Text(peer.Title)}</text>"
                )
            );
            x += width;
        }
        top += 10;
        return text;
    }

    private static double X(double ratio) => Left + (Scale * Math.Log(Math.Clamp(ratio, Least, Most) / Least) / Math.Log(Most / Least));

    private string Colour(Peer peer) => Colours[peers.ToList().IndexOf(peer) % Colours.Length];

    private static string Text(string text) => WebUtility.HtmlEncode(text);

    private static string Invariant(FormattableString text) => text.ToString(CultureInfo.InvariantCulture);
}
