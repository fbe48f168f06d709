using System.Reflection;
using System.Xml.Linq;

namespace ActorSocket.ClientTests.Infrastructure;

/// <summary>All packages of this repository, packed once for the tests that use them.</summary>
[CollectionDefinition(Name)]
public sealed class PackedOnce : ICollectionFixture<PackedProjects>
{
    public const string Name = "packages";
}

/// <summary>All packages of this repository, in a folder of their own that goes when it is disposed of.</summary>
public sealed class PackedProjects : IAsyncLifetime
{
    public const string Version = "0.0.1-test";

    internal static readonly string Configuration =
        typeof(PackedProjects).Assembly.GetCustomAttribute<AssemblyConfigurationAttribute>()!.Configuration;

    public string Folder { get; } = Directory.CreateTempSubdirectory("actorsocket-packages-").FullName;

    /// <summary>Those that are packed.</summary>
    public ICollection<string> Names { get; } = [];

    public string File(string name) => Path.Combine(Folder, $"{name}.{Version}.nupkg");

    public async Task InitializeAsync()
    {
        var projects = new List<string>();
        foreach (var project in Directory.EnumerateFiles(Path.Combine(Repository.Root, "src"), "*.csproj", SearchOption.AllDirectories))
        {
            if (!(await System.IO.File.ReadAllTextAsync(project)).Contains("<IsPackable>true", StringComparison.Ordinal))
                continue;
            projects.Add(project);
            Names.Add(Path.GetFileNameWithoutExtension(project));
        }
        // One run of the build packs them all: its start is most of what one of them takes.
        var all = Path.Combine(Folder, "pack.proj");
        new XDocument(new XElement(
            "Project",
            new XElement(
                "Target",
                new XAttribute("Name", "Pack"),
                new XElement(
                    "MSBuild",
                    new XAttribute("Projects", string.Join(';', projects)),
                    new XAttribute("Targets", "Pack"))))).Save(all);
        var (exitCode, output) = await Tool.RunAsync(
            "dotnet",
            [
                "pack", all, "--no-build", "-c", Configuration, "-o", Folder,
                "-p:PackageVersion=" + Version, "-p:MinVerVersionOverride=" + Version,
            ],
            Repository.Root,
            TimeSpan.FromMinutes(5)
        );
        Assert.True(exitCode == 0, $"dotnet pack failed:\n{output}");
    }

    /// <summary>Lets the projects in a folder below find the packages, and keep them out of the user's own folder of packages.</summary>
    /// <remarks>Their version is never new, so nothing of them may stay.</remarks>
    public async Task UseInAsync(string folder)
    {
        var known = Path.Combine(Environment.GetFolderPath(Environment.SpecialFolder.UserProfile), ".nuget", "packages");
        var properties = new XDocument(new XElement(
            "Project",
            new XElement(
                "PropertyGroup",
                new XElement("RestorePackagesPath", Path.Combine(Folder, "packages")),
                new XElement("RestoreFallbackFolders", known),
                new XElement("RestoreAdditionalProjectSources", Folder))));
        await System.IO.File.WriteAllTextAsync(Path.Combine(folder, "Directory.Build.props"), properties.ToString());
    }

    public Task DisposeAsync()
    {
        Directory.Delete(Folder, recursive: true);
        return Task.CompletedTask;
    }
}
