using ActorSocket.ClientTests.Infrastructure;
using Xunit.Abstractions;

[assembly: TestCollectionOrderer(LongestFirst.Type, LongestFirst.Assembly)]

namespace ActorSocket.ClientTests.Infrastructure;

/// <summary>Collections whose tests follow each other for minutes begin first: whoever begins last is not waited for alone.</summary>
public sealed class LongestFirst : ITestCollectionOrderer
{
    internal const string Assembly = "ActorSocket.ClientTests";
    internal const string Type = $"{Assembly}.Infrastructure.{nameof(LongestFirst)}";

    private static readonly string[] Long = [ChromiumGroup.Name, DemoClusterGroup.Name, PackedOnce.Name];

    public IEnumerable<ITestCollection> OrderTestCollections(IEnumerable<ITestCollection> testCollections) =>
        testCollections.OrderByDescending(static collection => Long.Contains(collection.DisplayName, StringComparer.Ordinal));
}
