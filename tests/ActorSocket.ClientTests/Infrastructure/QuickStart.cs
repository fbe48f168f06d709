using System.Runtime.CompilerServices;

namespace ActorSocket.ClientTests.Infrastructure;

/// <summary>What the processes that the tests start, servers and builds, inherit from this one.</summary>
internal static class QuickStart
{
    /// <summary>
    /// Hundreds of them live for seconds only and share two cores: a quick start is worth more than the last bit of speed. This process
    /// itself runs already, and is as it was.
    /// </summary>
    [ModuleInitializer]
    internal static void Inherit() => Environment.SetEnvironmentVariable("DOTNET_TieredPGO", "0");
}
