namespace ActorSocket.Tests.Infrastructure;

/// <summary>Where the sources are: some tests read them.</summary>
internal static class Repository
{
    public static string Root { get; } = FindRoot();

    private static string FindRoot()
    {
        var root = AppContext.BaseDirectory;
        while (!File.Exists(Path.Combine(root, "ActorSocket.sln")))
            root = Path.GetDirectoryName(root)!;
        return root;
    }
}
