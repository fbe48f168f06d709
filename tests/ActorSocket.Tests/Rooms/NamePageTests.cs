using ActorSocket.Rooms;
using CsCheck;

namespace ActorSocket.Tests.Rooms;

public sealed class NamePageTests
{
    private static readonly Gen<string[]> Names = Gen.String[Gen.OneOfConst('a', 'b', 'B', 'ä', '\u0001'), 0, 4].HashSet[0, 40]
        .Select(static names => names.ToArray());

    [Fact]
    public void The_pages_of_all_nodes_one_after_the_other_are_all_names_in_order() =>
        Gen.Select(Names, Gen.OneOfConst("", "a", "B", "ab"), Gen.Int[1, 7], Gen.Int[1, 3])
            .Sample(static (names, prefix, limit, nodes) =>
            {
                var expected = names
                    .Where(name => name.StartsWith(prefix, StringComparison.Ordinal))
                    .Order(StringComparer.Ordinal)
                    .ToArray();
                var all = new List<string>();
                for (string? after = null; ; after = all[^1])
                {
                    // Each node has every so manieth name, and some are on several.
                    var pages = Enumerable
                        .Range(0, nodes)
                        .SelectMany(node => NamePage.Of(names.Where((_, i) => i % nodes == node || i % 5 == 0), prefix, after, limit));
                    var page = NamePage.Of(pages.Distinct(StringComparer.Ordinal), "", null, limit);
                    all.AddRange(page);
                    if (page.Count < limit)
                        break;
                }
                Assert.Equal(expected, all, StringComparer.Ordinal);
            });

    [Theory]
    [InlineData(0)]
    [InlineData(NamePage.MaxLimit + 1)]
    public void A_page_has_a_limit(int limit) => Assert.Throws<ArgumentOutOfRangeException>(() => NamePage.Check("", limit));
}
