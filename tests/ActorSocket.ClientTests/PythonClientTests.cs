using ActorSocket.ClientTests.Infrastructure;
using Xunit.Abstractions;

namespace ActorSocket.ClientTests;

/// <summary>Debian's python3-socketio, its synchronous and its asynchronous client. The cases are in python/main.py.</summary>
public sealed class PythonClientTests(ITestOutputHelper output) : ClientTest("python", output)
{
    [Theory]
    [EachTransport]
    public Task Connects_by_the_chosen_transport_and_shows_its_handshake(string mode) => RunAsync(mode);

    [Theory]
    [EachTransport]
    public Task Events_of_every_kind_come_back(string mode) => RunAsync(mode);

    [Theory]
    [EachTransport]
    public Task Acknowledgements_go_both_ways(string mode) => RunAsync(mode);

    [Theory]
    [EachTransport]
    public Task An_event_that_fails_is_answered_with_an_error(string mode) => RunAsync(mode);

    [Theory]
    [EachTransport]
    public Task A_sequence_is_read_by_events(string mode) => RunAsync(mode);

    [Theory]
    [EachTransport]
    public Task Namespaces_share_the_connection(string mode) => RunAsync(mode);

    [Theory]
    [EachTransport]
    public Task Rooms_reach_their_members(string mode) => RunAsync(mode);

    [Theory]
    [EachTransport]
    public Task A_refused_namespace_says_why(string mode) => RunAsync(mode);

    [Theory]
    [EachTransport]
    public Task A_client_signs_in_by_a_token_and_is_told_why_it_cannot(string mode) => RunAsync(mode);

    [Theory]
    [EachTransport]
    public Task A_sign_in_is_renewed_without_reconnecting_or_ends(string mode) => RunAsync(mode);

    [Theory]
    [EachTransport]
    public Task The_server_may_send_the_client_away(string mode) => RunAsync(mode);

    // Not by polling: when its poll is answered with a close packet, as the official server does too, this client takes it for good.
    [Theory]
    [InlineData("websocket")]
    [InlineData("upgrade")]
    public Task The_client_comes_back_when_the_server_does(string mode) => RunWithBreaksAsync(mode);

    [Theory]
    [EachTransport]
    public Task The_asynchronous_client_keeps_the_order(string mode) => RunAsync(mode);

    [Theory]
    [EachTransport]
    public Task Binary_comes_back_byte_identical(string mode) => RunAsync(mode);

    // This client gives its connection up over a payload of more than 16 packets: it must be told apart, by its User-Agent or, as in the
    // second case, by its time stamp.
    [Theory]
    [EachTransport]
    public Task A_burst_of_two_thousand_events_arrives(string mode) => RunAsync(mode);

    [Theory]
    [EachTransport]
    public Task A_burst_of_two_thousand_events_arrives_in_order(string mode) => RunAsync(mode);
}
