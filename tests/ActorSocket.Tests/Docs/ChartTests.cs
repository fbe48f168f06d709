using System.Globalization;
using System.Xml.Linq;
using ActorSocket.Tests.Infrastructure;

namespace ActorSocket.Tests.Docs;

/// <summary>The charts of the comparison, as they are committed.</summary>
public sealed class ChartTests
{
    private const double LetterWidth = 6; // of its font, on average and a little more

    [Theory]
    [InlineData("compare.svg")]
    [InlineData("compare-short.svg")]
    public void No_text_is_cut_off_at_its_edges(string file)
    {
        var svg = XDocument.Load(Path.Combine(Repository.Root, "docs", "benchmarks", file)).Root!;
        var width = Number(svg, "width");
        var texts = svg.Descendants().Where(static one => one.Name.LocalName == "text").ToArray();
        Assert.NotEmpty(texts);
        Assert.All(texts, text =>
        {
            var (x, length) = (Number(text, "x"), text.Value.Length * LetterWidth);
            Assert.InRange(
                text.Attribute("text-anchor")?.Value switch { "end" => x - length, "middle" => x - (length / 2), _ => x }, 0, width);
            Assert.InRange(
                text.Attribute("text-anchor")?.Value switch { "end" => x, "middle" => x + (length / 2), _ => x + length }, 0, width);
        });
    }

    private static double Number(XElement element, string attribute) =>
        double.Parse(element.Attribute(attribute)!.Value, CultureInfo.InvariantCulture);
}
