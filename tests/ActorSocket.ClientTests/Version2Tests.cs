using ActorSocket.ClientTests.Infrastructure;
using Xunit.Abstractions;

namespace ActorSocket.ClientTests;

/// <summary>The Socket.IO 2 client from npm (Engine.IO protocol 3). The cases are in node/version2.mjs.</summary>
public sealed class Version2Tests(ITestOutputHelper output) : ClientTest("version2", output)
{
    [Theory]
    [EachTransport]
    public Task A_client_of_version_2_takes_its_connections_id(string mode) => RunAsync(mode, profile: "eio3");

    [Theory]
    [EachTransport]
    public Task A_client_of_version_2_exchanges_text_and_binary(string mode) => RunAsync(mode, profile: "eio3");

    [Theory]
    [EachTransport]
    public Task A_client_of_version_2_keeps_its_heartbeat(string mode) =>
        RunAsync(mode, ["PingInterval=00:00:00.2", "PingTimeout=00:00:02"], "eio3");

    [Theory]
    [EachTransport]
    public Task A_client_of_version_2_is_told_why_it_is_refused(string mode) => RunAsync(mode, profile: "eio3");

    [Theory]
    [EachTransport]
    public Task A_client_of_version_2_talks_to_one_of_version_4(string mode) => RunAsync(mode, profile: "eio3");
}
