namespace ActorSocket.ClientTests.Infrastructure;

/// <summary>The tests that share one <see cref="Chromium"/>.</summary>
[CollectionDefinition(Name)]
public sealed class ChromiumGroup : ICollectionFixture<Chromium>
{
    public const string Name = "Chromium";
}
