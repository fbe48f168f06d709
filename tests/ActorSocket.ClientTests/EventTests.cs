using ActorSocket.ClientTests.Infrastructure;
using Xunit.Abstractions;

namespace ActorSocket.ClientTests;

/// <summary>Events of every kind, both ways, by the official JavaScript client. The cases are in node/events.mjs.</summary>
public sealed class EventTests(ITestOutputHelper output) : ClientTest("events", output)
{
    [Theory]
    [EachTransport]
    public Task Every_kind_of_JSON_comes_back_unchanged(string mode) => RunAsync(mode);

    [Theory]
    [EachTransport]
    public Task Text_of_every_script_comes_back_unchanged(string mode) => RunAsync(mode);

    [Theory]
    [EachTransport]
    public Task Any_event_name_is_just_a_name(string mode) => RunAsync(mode);

    [Theory]
    [EachTransport]
    public Task Payloads_up_to_the_limit_pass_both_ways(string mode) => RunAsync(mode);

    [Theory]
    [EachTransport]
    public Task Two_thousand_events_keep_their_order_both_ways(string mode) => RunAsync(mode);

    [Theory]
    [EachTransport]
    public Task Send_is_the_event_message_both_ways(string mode) => RunAsync(mode);

    [Theory]
    [EachTransport]
    public Task A_catch_all_sees_every_event_before_its_handler(string mode) => RunAsync(mode);

    [Theory]
    [EachTransport]
    public Task A_middleware_of_the_socket_may_change_the_arguments_and_the_acknowledgement(string mode) => RunAsync(mode);

    [Theory]
    [EachTransport]
    public Task A_middleware_of_the_socket_may_drop_an_event(string mode) => RunAsync(mode);

    [Theory]
    [EachTransport]
    public Task A_handler_that_throws_costs_nobody_the_connection(string mode) => RunAsync(mode);

    [Theory]
    [EachTransport]
    public Task Typed_parameters_are_read_from_the_arguments(string mode) => RunAsync(mode);

    [Theory]
    [EachTransport]
    public Task Volatile_events_may_be_lost_but_never_the_others(string mode) => RunAsync(mode);

    [Theory]
    [EachTransport]
    public Task A_volatile_event_arrives_when_the_client_is_ready(string mode) => RunAsync(mode);

    [Theory]
    [EachTransport]
    public Task The_clients_own_catch_alls_see_what_passes(string mode) => RunAsync(mode);

    [Theory]
    [EachTransport]
    public Task The_servers_outgoing_catch_all_sees_emits_and_broadcasts_but_no_acknowledgement(string mode) => RunAsync(mode);

    [Theory]
    [EachTransport]
    public Task Payloads_of_a_megabyte_and_more_pass_both_ways_when_the_limit_is_raised(string mode) =>
        RunAsync(mode, ["MaxHttpBufferSize=4000000"]);

    [Theory]
    [EachTransport]
    public Task More_than_the_limit_in_one_go_is_split_by_the_client(string mode) => RunAsync(mode);

    [Theory]
    [EachTransport]
    public Task A_volatile_event_of_the_client_is_lost_or_arrives_in_its_place(string mode) => RunAsync(mode);
}
