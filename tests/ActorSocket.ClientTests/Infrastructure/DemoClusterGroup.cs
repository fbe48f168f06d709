namespace ActorSocket.ClientTests.Infrastructure;

/// <summary>The tests that run the demo on several nodes: one of them at a time.</summary>
[CollectionDefinition(Name)]
public sealed class DemoClusterGroup : ICollectionFixture<Chromium>
{
    public const string Name = "cluster of demos";
}
