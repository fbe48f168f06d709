namespace ActorSocket.ClientTests.Infrastructure;

/// <summary>Where the sources are: the scripts run from there.</summary>
internal static class Repository
{
    public static string Root { get; } = FindRoot();

    public static string ClientTests { get; } = Path.Combine(Root, "tests", "ActorSocket.ClientTests");

    private static string FindRoot()
    {
        for (var folder = new DirectoryInfo(AppContext.BaseDirectory); folder is not null; folder = folder.Parent)
        {
            if (File.Exists(Path.Combine(folder.FullName, "ActorSocket.sln")))
                return folder.FullName;
        }

        throw new InvalidOperationException(
            $"ActorSocket.sln is in no folder above {AppContext.BaseDirectory}: run the tests from a checkout."
        );
    }
}
