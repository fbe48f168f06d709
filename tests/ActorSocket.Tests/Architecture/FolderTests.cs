using System.Text.RegularExpressions;

namespace ActorSocket.Tests.Architecture;

/// <summary>Who looks for the tests of a class finds them in the folder of its name.</summary>
public sealed partial class FolderTests
{
    private static readonly string[] Own = ["Architecture", "Docs", "Infrastructure", "Server"];

    [Theory]
    [InlineData("ActorSocket.Tests")]
    [InlineData("ActorSocket.IntegrationTests")]
    public void Tests_stand_in_the_folders_of_the_source(string project)
    {
        var source = Directory.EnumerateFiles(Path.Combine(Repository.Root, "src"), "*.cs", SearchOption.AllDirectories)
            .Select(static file => FolderOf(Path.Combine(Repository.Root, "src"), file)).ToHashSet(StringComparer.Ordinal);
        var root = Path.Combine(Repository.Root, "tests", project);
        var files = Directory.EnumerateFiles(root, "*.cs", SearchOption.AllDirectories)
            .Select(file => (Name: Path.GetRelativePath(root, file), Folder: FolderOf(root, file), Text: File.ReadAllText(file)))
            .Where(static file => file.Folder.Split('/')[0] is not ("obj" or "bin")).ToList();
        Assert.True(files.Count > 20, $"Only {files.Count} files were found.");
        Assert.All(
            files,
            file =>
            {
                // ActorSocket.Cluster/Rooms is Cluster/Rooms, ActorSocket/Rooms is Rooms.
                Assert.True(
                    Own.Contains(file.Folder)
                        || source.Contains("ActorSocket." + file.Folder)
                        || source.Contains("ActorSocket/" + file.Folder),
                    file.Name
                );
                Assert.Equal($"{project}.{file.Folder.Replace('/', '.')}", Namespace().Match(file.Text).Groups["name"].Value);
            }
        );
    }

    private static string FolderOf(string root, string file) => Path.GetDirectoryName(Path.GetRelativePath(root, file))!.Replace('\\', '/');

    [GeneratedRegex(@"^namespace (?<name>[\w.]+);?\s*$", RegexOptions.Multiline | RegexOptions.ExplicitCapture, 1000)]
    private static partial Regex Namespace();
}
