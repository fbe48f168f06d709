using ActorSocket.ClientTests.Infrastructure;
using Xunit.Abstractions;

namespace ActorSocket.ClientTests;

/// <summary>Acknowledgements, both ways and from many, by the official JavaScript client. The cases are in node/acks.mjs.</summary>
public sealed class AcknowledgementTests(ITestOutputHelper output) : ClientTest("acks", output)
{
    [Theory]
    [EachTransport]
    public Task A_client_gets_the_acknowledgement_it_asked_for(string mode) => RunAsync(mode);

    [Theory]
    [EachTransport]
    public Task Two_hundred_acknowledgements_find_their_own_callers(string mode) => RunAsync(mode);

    [Theory]
    [EachTransport]
    public Task An_acknowledgement_is_sent_once(string mode) => RunAsync(mode);

    [Theory]
    [EachTransport]
    public Task A_client_that_is_not_answered_times_out(string mode) => RunAsync(mode);

    [Theory]
    [EachTransport]
    public Task The_server_gets_the_acknowledgement_it_asked_for(string mode) => RunAsync(mode);

    [Theory]
    [EachTransport]
    public Task The_server_times_out_and_ignores_what_comes_late(string mode) => RunAsync(mode);

    [Theory]
    [EachTransport]
    public async Task A_disconnect_ends_the_servers_wait_at_once(string mode)
    {
        await using var server = await RealServer.StartAsync(Output);
        await using var client = await StartAsync(server.Url, mode);
        var id = (await client.SignalAsync("gone")).GetProperty("id").GetString();
        await server.Journal.SeenAsync($"{id} gave up waiting");
        await client.ContinueAsync();
        await client.FinishAsync();
    }

    [Theory]
    [EachTransport]
    public Task A_broadcast_collects_the_acknowledgements_of_all(string mode) => RunAsync(mode);

    [Theory]
    [EachTransport]
    public Task A_broadcast_that_times_out_has_the_answers_so_far(string mode) => RunAsync(mode);

    [Theory]
    [EachTransport]
    public Task A_client_with_retries_sends_again_until_it_is_acknowledged(string mode) => RunAsync(mode);

    [Theory]
    [EachTransport]
    public Task A_client_with_retries_needs_no_handler_that_acknowledges(string mode) => RunAsync(mode, ["AutoAck=true"]);

    [Theory]
    [EachTransport]
    public Task A_callback_with_a_timeout_gets_an_error_or_the_answer(string mode) => RunAsync(mode);

    [Theory]
    [EachTransport]
    public Task The_option_ackTimeout_bounds_every_question(string mode) => RunAsync(mode);

    [Theory]
    [EachTransport]
    public Task A_disconnect_ends_the_clients_wait_at_once(string mode) => RunAsync(mode);

    [Theory]
    [EachTransport]
    public Task Retried_events_keep_their_order_across_a_reconnection(string mode) => RunAsync(mode, ["AutoAck=true"]);

    [Theory]
    [EachTransport]
    public Task A_retried_event_with_a_key_is_handled_once(string mode) => RunAsync(mode, ["MaxConcurrentHandlers=10"]);

    [Theory]
    [EachTransport]
    public Task A_client_that_lost_its_connection_gets_the_answer_to_what_it_sent_before(string mode) => RunAloneAsync(mode);
}
