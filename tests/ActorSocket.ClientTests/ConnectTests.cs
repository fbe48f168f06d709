using ActorSocket.ClientTests.Infrastructure;
using Xunit.Abstractions;

namespace ActorSocket.ClientTests;

/// <summary>Connecting, the handshake and refusals, by the official JavaScript client. The cases are in node/connect.mjs.</summary>
public sealed class ConnectTests(ITestOutputHelper output) : ClientTest("connect", output)
{
    [Theory]
    [EachTransport]
    public Task Connects_by_the_chosen_transport_and_gets_an_id_of_its_own(string mode) => RunAsync(mode);

    [Theory]
    [EachTransport]
    public Task The_handshake_shows_auth_query_headers_and_address(string mode) => RunAsync(mode);

    [Theory]
    [EachTransport]
    public Task Auth_belongs_to_the_namespace_it_was_sent_to(string mode) => RunAsync(mode);

    [Theory]
    [EachTransport]
    public Task A_middleware_refuses_with_a_message_and_data(string mode) => RunAsync(mode);

    [Theory]
    [EachTransport]
    public Task A_refused_client_may_connect_again_with_better_auth(string mode) => RunAsync(mode);

    [Theory]
    [EachTransport]
    public Task What_a_connection_handler_emits_comes_after_connect_and_in_order(string mode) => RunAsync(mode);

    [Theory]
    [EachTransport]
    public Task Events_emitted_before_connect_wait_and_arrive_in_order(string mode) => RunAsync(mode);

    [Theory]
    [EachTransport]
    public Task An_unknown_namespace_is_refused_as_Invalid_namespace(string mode) => RunAsync(mode);

    [Theory]
    [EachTransport]
    public Task A_refused_request_tells_the_client_why(string mode) => RunAsync(mode);

    [Theory]
    [EachTransport]
    public Task A_client_signs_in_by_a_token_and_is_told_why_it_cannot(string mode) => RunAsync(mode);

    [Theory]
    [EachTransport]
    public Task A_sign_in_is_renewed_without_reconnecting_or_ends(string mode) => RunAsync(mode);
}
