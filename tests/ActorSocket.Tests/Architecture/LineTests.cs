using System.Text.RegularExpressions;

namespace ActorSocket.Tests.Architecture;

/// <summary>Code is read beside other code: no line has more than 140 characters, unless it is a text.</summary>
public sealed partial class LineTests
{
    private const int Longest = 140;

    [Fact]
    public void No_line_is_too_long()
    {
        var files = ((string[])["src", "tests"])
            .Select(static folder => Path.Combine(Repository.Root, folder))
            .SelectMany(static folder => Directory.EnumerateFiles(folder, "*.cs", SearchOption.AllDirectories))
            .Where(static file => !file.Split(Path.DirectorySeparatorChar).Any(static part => part is "obj" or "bin" or "node_modules"))
            .ToList();
        Assert.True(files.Count > 400, $"Only {files.Count} files were found.");
        Assert.Empty(files.SelectMany(TooLong));
    }

    private static IEnumerable<string> TooLong(string file)
    {
        var isRaw = false;
        foreach (var (number, line) in File.ReadLines(file).Index())
        {
            var quotes = RawQuotes().Count(line);
            if (line.Length > Longest && !isRaw && quotes == 0 && !Text().IsMatch(line))
                yield return $"{Path.GetRelativePath(Repository.Root, file)}:{number + 1}";
            isRaw ^= quotes % 2 == 1;
        }
    }

    [GeneratedRegex("\"{3,}", RegexOptions.None, 1000)]
    private static partial Regex RawQuotes();

    /// <summary>A line that is one literal.</summary>
    [GeneratedRegex(@"^\s*(\+ )?\$?"".*""[;,)]*$", RegexOptions.ExplicitCapture, 1000)]
    private static partial Regex Text();
}
