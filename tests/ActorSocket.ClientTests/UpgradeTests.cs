using ActorSocket.ClientTests.Infrastructure;
using Xunit.Abstractions;

namespace ActorSocket.ClientTests;

/// <summary>From long-polling to WebSocket, by the official JavaScript client. The cases are in node/upgrade.mjs.</summary>
public sealed class UpgradeTests(ITestOutputHelper output) : ClientTest("upgrade", output)
{
    [Fact]
    public Task Traffic_during_the_upgrade_is_neither_lost_nor_doubled_nor_reordered() => RunAsync("upgrade");

    [Fact]
    public Task The_upgrade_is_done_in_a_moment() => RunAsync("upgrade");

    [Fact]
    public Task The_upgrade_keeps_the_socket_its_rooms_and_its_open_questions() => RunAsync("upgrade");
}
