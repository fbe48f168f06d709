using System.Reflection;
using System.Xml.Linq;
using ActorSocket.ClientTests.Infrastructure;

namespace ActorSocket.ClientTests;

/// <summary>The NuGet package, in a project that knows nothing else of this repository.</summary>
public sealed class PackageTests
{
    private const string Program = """
        using ActorSocket;

        var builder = WebApplication.CreateBuilder(args);
        builder.Logging.ClearProviders();
        builder.Services.AddActorSocket();
        var app = builder.Build();
        app.MapActorSocket().OnConnection(socket =>
        {
            socket.On("double", (int n) => 2 * n);
            Console.WriteLine(socket.As<IClient>().GetType().Assembly == typeof(IClient).Assembly ? "client generated" : "client made");
        });
        app.Urls.Add("http://127.0.0.1:0");
        await app.StartAsync();
        using var http = new HttpClient { BaseAddress = new Uri(app.Urls.First()) };
        var open = await http.GetStringAsync("/socket.io/?EIO=4&transport=polling");
        var url = "/socket.io/?EIO=4&transport=polling&sid=" + System.Text.Json.JsonDocument.Parse(open[1..]).RootElement.GetProperty("sid").GetString();
        await http.PostAsync(url, new StringContent("40"));
        await http.GetStringAsync(url);
        await http.PostAsync(url, new StringContent("421[\"double\",21]"));
        Console.WriteLine(await http.GetStringAsync(url));
        Console.WriteLine((await http.GetStringAsync("/socket.io/socket.io.js")).Contains("Socket.IO v4", StringComparison.Ordinal) ? "client served" : "no client");
        await app.StopAsync();

        internal interface IClient
        {
            void Doubled(int n);
        }
        """;

    [Fact]
    public async Task The_package_restores_builds_and_runs_in_a_project_of_its_own()
    {
        var folder = Directory.CreateTempSubdirectory("actorsocket-package-").FullName;
        try
        {
            var configuration = typeof(PackageTests).Assembly.GetCustomAttribute<AssemblyConfigurationAttribute>()!.Configuration;
            await DotNetAsync(Repository.Root, "pack", "src/ActorSocket", "--no-build", "-c", configuration, "-o", folder, "-p:PackageVersion=0.0.1-test");
            new XDocument(new XElement(
                "Project",
                new XAttribute("Sdk", "Microsoft.NET.Sdk.Web"),
                new XElement(
                    "PropertyGroup",
                    new XElement("TargetFramework", "net10.0"),
                    new XElement("Nullable", "enable"),
                    new XElement("ImplicitUsings", "enable"),
                    new XElement("RestorePackagesPath", Path.Combine(folder, "packages")), // the version is never new, so nothing of it may stay in the user's folder
                    new XElement("RestoreFallbackFolders", Path.Combine(Environment.GetFolderPath(Environment.SpecialFolder.UserProfile), ".nuget", "packages")),
                    new XElement("RestoreAdditionalProjectSources", folder)),
                new XElement("ItemGroup", new XElement("PackageReference", new XAttribute("Include", "ActorSocket"), new XAttribute("Version", "0.0.1-test"))))).Save(Path.Combine(folder, "App.csproj"));
            await File.WriteAllTextAsync(Path.Combine(folder, "Program.cs"), Program);

            var said = await DotNetAsync(folder, "run", "--project", "App.csproj");

            Assert.Equal(["client generated", "431[42]", "client served"], said.Split('\n', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries)[^3..]);
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }

    private static async Task<string> DotNetAsync(string folder, params string[] arguments)
    {
        var (exitCode, output) = await Tool.RunAsync("dotnet", arguments, folder, TimeSpan.FromMinutes(5));
        Assert.True(exitCode == 0, $"dotnet {string.Join(' ', arguments)} failed:\n{output}");
        return output;
    }
}
