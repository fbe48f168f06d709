using ActorSocket.ClientTests.Infrastructure;
using Xunit.Abstractions;

namespace ActorSocket.ClientTests;

/// <summary>Sequences between handlers and the official JavaScript client, both ways. The cases are in node/streams.mjs.</summary>
public sealed class StreamTests(ITestOutputHelper output) : ClientTest("streams", output)
{
    [Theory]
    [EachTransport]
    public Task A_sequence_is_read_at_the_clients_pace_to_its_end(string mode) => RunAsync(mode);

    [Theory]
    [EachTransport]
    public Task A_sequence_waits_until_it_is_asked(string mode) => RunAsync(mode);

    [Theory]
    [EachTransport]
    public Task A_sequence_may_be_given_up_and_may_fail(string mode) => RunAsync(mode);

    [Theory]
    [EachTransport]
    public Task A_client_sends_a_sequence_when_it_is_asked(string mode) => RunAsync(mode);
}
