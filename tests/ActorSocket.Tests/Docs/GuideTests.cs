using System.Reflection;
using System.Text.RegularExpressions;
using ActorSocket.Protocol.EngineIo;

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
                    typeof(ActorSocketPersistenceOptions),
                    typeof(ActorSocketAdminUiOptions),
                    typeof(ActorSocketRedisOptions),
                    typeof(SocketAuthenticationOptions),
                    typeof(EventRateLimiterOptions),
                    typeof(PresenceOptions),
                    typeof(ActorSocketClusterOptions),
                    typeof(ActorSocketClusterTls),
                ]
        )
            .SelectMany(static type => type.GetProperties())
            .Select(static property => property.Name);
        Assert.Equal(options.Order(StringComparer.Ordinal), listed);
    }

    [Fact]
    public void The_guide_to_disconnects_has_every_reason_and_every_code_and_no_other()
    {
        var page = Read("docs/guide/why-did-my-client-disconnect.md");
        var serverSays = page[page.IndexOf("## What the server says", StringComparison.Ordinal)..];
        var reasons = typeof(DisconnectReason)
            .GetProperties(BindingFlags.Public | BindingFlags.Static)
            .Select(static reason => reason.GetValue(null)!.ToString()!)
            .Order(StringComparer.Ordinal);
        var listed = ReasonRow().Matches(serverSays[..serverSays.IndexOf("\n\nDescriptions", StringComparison.Ordinal)]);
        Assert.Equal(reasons, listed.Select(static row => row.Groups["reason"].Value).Order(StringComparer.Ordinal));
        Assert.Equal(
            Enum.GetValues<EngineIoError>().Select(static error => $"{(int)error} {error.Message()}").Order(StringComparer.Ordinal),
            CodeRow()
                .Matches(page)
                .Select(static row => $"{row.Groups["code"].Value} {row.Groups["message"].Value}")
                .Order(StringComparer.Ordinal)
        );
    }

    [Fact]
    public void Every_page_is_in_the_sites_table_of_contents()
    {
        var docs = Path.Combine(Root, "docs");
        var pages = Repository.Pages
            .Select(page => Path.GetRelativePath(docs, page).Replace('\\', '/'));
        var listed = File.ReadLines(Path.Combine(docs, "site", "toc.yml"))
            .Select(static line => line.Trim().TrimStart('-').Trim())
            .Where(static line => line.StartsWith("href: ", StringComparison.Ordinal) && line.EndsWith(".md", StringComparison.Ordinal))
            .Select(static line => line["href: ".Length..]);
        Assert.Equal(pages.Append("CHANGELOG.md").Order(StringComparer.Ordinal), listed.Order(StringComparer.Ordinal));
    }

    [Fact]
    public void Links_between_pages_lead_somewhere_and_every_guide_is_linked_from_the_first()
    {
        var pages = Repository.Pages
            .Concat(Directory.GetFiles(Root, "*.md"))
            .ToDictionary(static path => path, static path => CodeBlock().Replace(File.ReadAllText(path), ""), StringComparer.Ordinal);
        var anchors = pages.ToDictionary(static page => page.Key, static page => AnchorsOf(page.Value), StringComparer.Ordinal);
        var faults = new List<string>();
        foreach (var (path, text) in pages)
        {
            foreach (var link in Link().Matches(text).Select(static link => link.Groups))
            {
                var target = Path.GetFullPath(Path.Combine(Path.GetDirectoryName(path)!, link["path"].Value));
                if (link["path"].Length == 0)
                    target = path;
                if (!File.Exists(target) && !Directory.Exists(target))
                    faults.Add($"{path}: there is no {link["path"].Value}");
                else if (link["anchor"].Success && anchors.TryGetValue(target, out var known) && !known.Contains(link["anchor"].Value))
                    faults.Add($"{path}: {link["path"].Value} has no #{link["anchor"].Value}");
            }
        }
        Assert.Empty(faults);
        var first = pages.Single(static page => page.Key.EndsWith("getting-started.md", StringComparison.Ordinal));
        var linked = Link().Matches(first.Value).Select(static link => link.Groups["path"].Value).Append("getting-started.md");
        var guides = Directory.GetFiles(Path.GetDirectoryName(first.Key)!).Select(static path => Path.GetFileName(path));
        Assert.Empty(guides.Except(linked, StringComparer.Ordinal));
    }

    /// <summary>As GitHub makes them: lower case, spaces are dashes, punctuation is left out.</summary>
    private static HashSet<string> AnchorsOf(string text) =>
        Heading()
            .Matches(text)
            .Select(static heading =>
                string.Concat(
                    heading.Groups["text"].Value
                        .ToLowerInvariant()
                        .Where(static c => char.IsLetterOrDigit(c) || c is ' ' or '-' or '_')
                        .Select(static c => c == ' ' ? '-' : c)
                )
            )
            .ToHashSet(StringComparer.Ordinal);

    [Fact]
    public void The_functions_of_the_guide_to_streams_are_those_that_are_tested()
    {
        var script = Read("tests/ActorSocket.ClientTests/node/streams.mjs");
        var blocks = JavaScript().Matches(Read("docs/guide/streams.md"));
        Assert.Equal(2, blocks.Count);
        Assert.All(blocks, block => Assert.Contains(block.Groups["code"].Value, script, StringComparison.Ordinal));
    }

    [Fact]
    public void The_functions_of_the_guide_to_entities_that_follow_one_are_those_that_are_tested()
    {
        var block = JavaScript().Matches(Read("docs/guide/entities.md"))
            .Single(static match => match.Groups["code"].Value.Contains("function follow(", StringComparison.Ordinal));
        Assert.Contains(block.Groups["code"].Value, Read("tests/ActorSocket.ClientTests/node/sync.mjs"), StringComparison.Ordinal);
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

    [GeneratedRegex(@"^\| `(?<reason>[a-z ]+)` \|", RegexOptions.Multiline | RegexOptions.ExplicitCapture, 1000)]
    private static partial Regex ReasonRow();

    [GeneratedRegex(@"^\| (?<code>\d) \| \d{3} \| `(?<message>[^`]+)` \|", RegexOptions.Multiline | RegexOptions.ExplicitCapture, 1000)]
    private static partial Regex CodeRow();

    [GeneratedRegex(@"^```.*?^```", RegexOptions.Multiline | RegexOptions.Singleline, 1000)]
    private static partial Regex CodeBlock();

    [GeneratedRegex(@"^#+ (?<text>.+)$", RegexOptions.Multiline | RegexOptions.ExplicitCapture, 1000)]
    private static partial Regex Heading();

    [GeneratedRegex(@"\]\((?!\w+:)(?<path>[^)#\s]*)(#(?<anchor>[^)\s]+))?\)", RegexOptions.ExplicitCapture, 1000)]
    private static partial Regex Link();

    [GeneratedRegex(@"```js\n(?<code>.*?)```", RegexOptions.Singleline | RegexOptions.ExplicitCapture, 1000)]
    private static partial Regex JavaScript();

    [GeneratedRegex(@"^\| `(?<name>\w+)` \|", RegexOptions.Multiline | RegexOptions.ExplicitCapture, 1000)]
    private static partial Regex OptionRow();
}
