using System.Reflection;
using System.Runtime.CompilerServices;
using System.Text.RegularExpressions;
using Microsoft.Extensions.Logging;

namespace ActorSocket.Tests.Docs;

/// <summary>
/// docs/guide/logging.md lists every log event of all projects. Whoever adds one adds it there, with what to do, and gives it an id of its
/// own.
/// </summary>
public sealed partial class LogEventTests
{
    private const BindingFlags All =
        BindingFlags.Static | BindingFlags.Instance | BindingFlags.Public | BindingFlags.NonPublic | BindingFlags.DeclaredOnly;

    [Fact]
    public void The_list_of_log_events_has_every_event_as_it_is_and_no_other() =>
        Assert.Equal(
            Events()
                .Select(static e => $"{e.Category} | {e.Attribute.EventId} | {e.Attribute.Level} | {e.Attribute.Message}")
                .Order(StringComparer.Ordinal),
            Listed().Order(StringComparer.Ordinal)
        );

    [Fact]
    public void An_id_stands_for_one_event_of_its_category()
    {
        var events = Events();
        Assert.True(events.Length > 30, $"{events.Length} events");
        Assert.DoesNotContain(events, static e => e.Attribute.EventId <= 0); // given by hand: one that the compiler makes up may change
        Assert.Distinct(events.Select(static e => (e.Category, e.Attribute.EventId)));
    }

    private static (string Category, LoggerMessageAttribute Attribute)[] Events() =>
        [
            .. Directory
                .GetFiles(Path.Combine(Repository.Root, "src"), "*.csproj", SearchOption.AllDirectories)
                .Where(static path => !path.Contains("ActorSocket.Templates", StringComparison.Ordinal)) // other people's, one day
                .Select(static path => Path.GetFileNameWithoutExtension(path))
                .Where(static project => project != "ActorSocket.Generators") // the compiler's, not the server's
                .Select(static project => Assembly.Load(project))
                .SelectMany(static assembly => assembly.GetTypes())
                .SelectMany(static type => type.GetMethods(All))
                .Select(static method => (Method: method, Attribute: method.GetCustomAttribute<LoggerMessageAttribute>()))
                .Where(static one => one.Attribute is not null)
                .Select(static one => (CategoryOf(one.Method), one.Attribute!)),
        ];

    /// <summary>
    /// The libraries' own methods extend the one logger of a server, the transport has one of its own, and classes of the demo have
    /// theirs by type.
    /// </summary>
    private static string CategoryOf(MethodInfo method) =>
        method.IsDefined(typeof(ExtensionAttribute)) ? "ActorSocket"
        : method.Module.Assembly.GetName().Name is "ActorSocket.Transport" ? "ActorSocket.Transport"
        : method.DeclaringType!.FullName!;

    private static IEnumerable<string> Listed()
    {
        var category = "";
        foreach (var line in File.ReadLines(Path.Combine(Repository.Root, "docs", "guide", "logging.md")))
        {
            if (line.StartsWith("## ", StringComparison.Ordinal))
                category = line[3..];
            else if (Row().Match(line) is { Success: true } row)
                yield return $"{category} | {row.Groups["event"].Value}";
        }
    }

    [GeneratedRegex(@"^\| (?<event>\d+ \| \w+ \| .+?) \| [^|]+ \|$", RegexOptions.ExplicitCapture, 1000)]
    private static partial Regex Row();
}
