using System.Text.RegularExpressions;
using ActorSocket.ClientTests.Infrastructure;

namespace ActorSocket.ClientTests;

/// <summary>
/// What <c>dotnet new</c> makes of the templates, as a user has it: from packages, in a folder that knows nothing of this one.
/// </summary>
[Collection(PackedOnce.Name)]
public sealed partial class TemplateTests(PackedProjects packages)
{
    [Theory]
    [InlineData("actorsocket", "MyChat", "enter")]
    [InlineData("actorsocket-game", "MyGame", "return")]
    public async Task A_new_project_passes_its_tests_and_serves_its_page(string template, string name, string word)
    {
        var folder = Path.Combine(packages.Folder, name);
        var hive = Path.Combine(packages.Folder, "hive-" + name);
        await DotNetAsync(packages.Folder, "new", "install", packages.File("ActorSocket.Templates"), "--debug:custom-hive", hive);
        await DotNetAsync(packages.Folder, "new", template, "-n", name, "-o", folder, "--debug:custom-hive", hive, "--no-restore");
        await packages.UseInAsync(folder);

        var tests = await DotNetAsync(folder, "test", name + ".slnx");
        Assert.Contains("Passed!", tests, StringComparison.Ordinal);

        var url = $"http://127.0.0.1:{Ports.Free()}";
        var project = Path.Combine(folder, "src", name);
        var program = Path.Combine(project, "bin", "Debug", "net10.0", name + ".dll");
        await using var server = await ListeningProcess.StartAsync("Now listening on", project, program, "--urls", url);
        using var http = new HttpClient { BaseAddress = new Uri(url) };
        // What the page asks for is there: dotnet new puts the project's name for the template's also where it stands in lower case.
        var files = new Dictionary<string, string>(StringComparer.Ordinal);
        foreach (var file in PageFiles().Matches(await http.GetStringAsync("/")).Select(static match => match.Groups["file"].Value))
            files[file] = await http.GetStringAsync(file);
        Assert.Contains("Socket.IO v4", files["/socket.io/socket.io.js"], StringComparison.Ordinal);
        Assert.Contains(word, files["page.js"], StringComparison.Ordinal);
        Assert.DoesNotContain(
            "ACTORSOCKET_VERSION",
            await File.ReadAllTextAsync(Path.Combine(folder, "src", name, name + ".csproj")),
            StringComparison.Ordinal
        );
    }

    [GeneratedRegex("(src|href)=\"(?<file>[^\"]+)\"", RegexOptions.ExplicitCapture, 1000)]
    private static partial Regex PageFiles();

    private static async Task<string> DotNetAsync(string folder, params string[] arguments)
    {
        var (exitCode, output) = await Tool.RunAsync("dotnet", arguments, folder, TimeSpan.FromMinutes(5));
        Assert.True(exitCode == 0, $"dotnet {string.Join(' ', arguments)} failed:\n{output}");
        return output;
    }
}
