using System.Text.RegularExpressions;

namespace ActorSocket.Tests.Docs;

/// <summary>The documents say what is so: their code compiles, their tests exist, their options are all there.</summary>
public sealed partial class GuideTests
{
    private static readonly string Root = Repository.Root;

    [Fact]
    public void Every_row_of_the_compatibility_table_that_is_done_names_tests_that_exist()
    {
        // Some class names are in several test projects: any of them will do.
        var tests = Directory
            .GetFiles(Path.Combine(Root, "tests"), "*Tests.cs", SearchOption.AllDirectories)
            .SelectMany(static file =>
                Method()
                    .Matches(File.ReadAllText(file))
                    .Select(method => Path.GetFileNameWithoutExtension(file) + "." + method.Groups["name"].Value)
            )
            .ToHashSet(StringComparer.Ordinal);
        var rows = CompatibilityRow().Matches(Read("docs/COMPATIBILITY.md"));
        Assert.True(rows.Count > 180, $"{rows.Count} rows");
        var faults = new List<string>();
        foreach (var row in rows.Select(static row => row.Groups))
        {
            string[] named = row["tests"].Value is "–" ? [] : row["tests"].Value.Split(", ");
            faults.AddRange(named.Where(name => !tests.Contains(name)).Select(name => $"{row["item"].Value}: there is no test {name}"));
            if (named.Length == 0 && !row["state"].Value.StartsWith("not ", StringComparison.Ordinal))
                faults.Add($"{row["item"].Value} is \"{row["state"].Value}\" and names no test");
        }
        Assert.Empty(faults);
    }

    [Fact]
    public void The_options_reference_has_every_option_and_no_other()
    {
        var listed = OptionRow()
            .Matches(Read("docs/guide/options.md"))
            .Select(static match => match.Groups["name"].Value)
            .Order(StringComparer.Ordinal);
        var options = (
            (Type[])
                [
                    typeof(ActorSocketOptions),
                    typeof(RecoveryOptions),
                    typeof(PerMessageDeflateOptions),
                    typeof(IdempotencyOptions),
                    typeof(EntityOptions),
                    typeof(SocketAuthenticationOptions),
                    typeof(ActorSocketClusterOptions),
                    typeof(ActorSocketClusterTls),
                ]
        )
            .SelectMany(static type => type.GetProperties())
            .Select(static property => property.Name);
        Assert.Equal(options.Order(StringComparer.Ordinal), listed);
    }

    private static string Read(string path) => File.ReadAllText(Path.Combine(Root, path));

    [GeneratedRegex(
        @"^    \[(Fact|Theory)\]\n((?!    public ).*\n)*    public (async )?(Task|void) (?<name>\w+)\(",
        RegexOptions.Multiline | RegexOptions.ExplicitCapture,
        1000
    )]
    private static partial Regex Method();

    [GeneratedRegex(
        @"^\| (?<item>[EASBC]-\w+) \| .+? \| (?<state>[^|]+?) \| (?<tests>[^|]+?) \|$",
        RegexOptions.Multiline | RegexOptions.ExplicitCapture,
        1000
    )]
    private static partial Regex CompatibilityRow();

    [GeneratedRegex(@"^\| `(?<name>\w+)` \|", RegexOptions.Multiline | RegexOptions.ExplicitCapture, 1000)]
    private static partial Regex OptionRow();
}
