namespace ActorSocket.Tests.Infrastructure;

/// <summary>Where the sources are: some tests read them.</summary>
internal static class Repository
{
    public static string Root { get; } = FindRoot();

    /// <summary>The pages of docs/, without those of packages that a sample's npm has fetched.</summary>
    public static IEnumerable<string> Pages =>
        Directory
            .GetFiles(Path.Combine(Root, "docs"), "*.md", SearchOption.AllDirectories)
            .Where(static page => !page.Split(Path.DirectorySeparatorChar).Contains("node_modules", StringComparer.Ordinal));

    private static string FindRoot()
    {
        var root = AppContext.BaseDirectory;
        while (!File.Exists(Path.Combine(root, "ActorSocket.sln")))
            root = Path.GetDirectoryName(root)!;
        return root;
    }
}
