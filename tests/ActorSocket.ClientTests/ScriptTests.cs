using System.Reflection;
using System.Text.RegularExpressions;
using ActorSocket.ClientTests.Infrastructure;

namespace ActorSocket.ClientTests;

/// <summary>The scripts and the tests belong together by name.</summary>
public sealed partial class ScriptTests
{
    [Fact]
    public void Every_case_of_the_scripts_is_run_by_a_test()
    {
        // What needs a cluster is run by ActorSocket.ClusterTests, and Aspire's by its own.
        var clusterTests = ((string[])["ActorSocket.ClusterTests", "ActorSocket.AspireTests"])
            .SelectMany(project => Directory.GetFiles(Path.Combine(Repository.ClientTests, "..", project), "*.cs"))
            .SelectMany(file => Word().Matches(File.ReadAllText(file)).Select(match => match.Value));
        var tests = typeof(ScriptTests)
            .Assembly.GetTypes()
            .SelectMany(type => type.GetMethods(BindingFlags.Public | BindingFlags.Instance | BindingFlags.DeclaredOnly))
            .Select(method => method.Name)
            .Concat(clusterTests)
            .ToHashSet();
        var cases = Directory
            .GetFiles(Path.Combine(Repository.ClientTests, "node"), "*.mjs")
            .Append(Path.Combine(Repository.ClientTests, "python", "main.py"))
            .SelectMany(file => Case().Matches(File.ReadAllText(file)).Select(match => match.Groups["name"].Value))
            .ToArray();

        Assert.NotEmpty(cases);
        Assert.Empty(cases.Except(tests, StringComparer.Ordinal));
    }

    [GeneratedRegex(@"\b[A-Z]\w*_\w+", RegexOptions.None, matchTimeoutMilliseconds: 1_000)]
    private static partial Regex Word();

    [GeneratedRegex(
        @"^(?:export )?(?:async )?(?:function|def) (?<name>[A-Z]\w*_\w+)\(",
        RegexOptions.Multiline | RegexOptions.ExplicitCapture,
        matchTimeoutMilliseconds: 1_000
    )]
    private static partial Regex Case();
}
