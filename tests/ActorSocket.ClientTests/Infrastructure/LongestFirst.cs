using ActorSocket.ClientTests.Infrastructure;
using Xunit.Abstractions;

[assembly: TestCollectionOrderer(LongestFirst.Type, LongestFirst.Assembly)]

namespace ActorSocket.ClientTests.Infrastructure;

/// <summary>
/// Collections whose tests follow each other for minutes begin first: whoever begins last is not waited for alone. There are two of them
/// and three threads (xunit.runner.json), so that beside them one more goes on, of the many whose processes wait most of the time.
/// </summary>
public sealed class LongestFirst : ITestCollectionOrderer
{
    internal const string Assembly = "ActorSocket.ClientTests";
    internal const string Type = $"{Assembly}.Infrastructure.{nameof(LongestFirst)}";

    private static readonly string[] Long = [ChromiumGroup.Name, PackedOnce.Name];

    public IEnumerable<ITestCollection> OrderTestCollections(IEnumerable<ITestCollection> testCollections) =>
        testCollections.OrderByDescending(static collection => Long.Contains(collection.DisplayName, StringComparer.Ordinal));
}
