using ActorSocket.ClusterTests.Infrastructure;
using Xunit.Abstractions;

namespace ActorSocket.ClusterTests;

/// <summary>
/// What a client sees of one server it sees of a cluster: cases of ActorSocket.ClientTests, unchanged, with each of their requests at the
/// next of three nodes.
/// </summary>
[Collection(SharedClusterGroup.Name)]
public sealed class ClientCaseTests(SharedCluster shared, ITestOutputHelper output) : ClusterClientTest(shared, output)
{
    private static readonly string[] Polling = ["polling"],
        Upgrade = ["upgrade"],
        WebSocket = ["websocket"],
        Two = ["polling", "upgrade"],
        All = ["polling", "upgrade", "websocket"];

    private static readonly (string Script, string Case, string[] Modes)[] Cases =
    [
        ("connect", "Connects_by_the_chosen_transport_and_gets_an_id_of_its_own", All),
        ("connect", "The_handshake_shows_auth_query_headers_and_address", Polling),
        ("connect", "A_middleware_refuses_with_a_message_and_data", Polling),
        ("connect", "What_a_connection_handler_emits_comes_after_connect_and_in_order", Two),
        ("connect", "Events_emitted_before_connect_wait_and_arrive_in_order", Two),
        ("connect", "An_unknown_namespace_is_refused_as_Invalid_namespace", Polling),
        ("connect", "A_refused_request_tells_the_client_why", WebSocket),
        ("upgrade", "Traffic_during_the_upgrade_is_neither_lost_nor_doubled_nor_reordered", Upgrade),
        ("upgrade", "The_upgrade_is_done_in_a_moment", Upgrade),
        ("upgrade", "The_upgrade_keeps_the_socket_its_rooms_and_its_open_questions", Upgrade),
        ("events", "Every_kind_of_JSON_comes_back_unchanged", Polling),
        ("events", "Payloads_up_to_the_limit_pass_both_ways", All),
        ("events", "Two_thousand_events_keep_their_order_both_ways", Two),
        ("events", "Volatile_events_may_be_lost_but_never_the_others", Two),
        ("events", "A_volatile_event_arrives_when_the_client_is_ready", Two),
        ("events", "A_handler_that_throws_costs_nobody_the_connection", Upgrade),
        ("events", "More_than_the_limit_in_one_go_is_split_by_the_client", Polling),
        ("binary", "Nested_binary_keeps_its_place", Two),
        ("binary", "Binary_travels_in_acknowledgements_both_ways", Two),
        ("binary", "Large_binary_is_byte_identical", All),
        ("binary", "Binary_and_text_events_keep_their_order", Two),
        ("binary", "A_binary_broadcast_reaches_every_member_whole", Two),
        ("acks", "Two_hundred_acknowledgements_find_their_own_callers", Two),
        ("acks", "The_server_gets_the_acknowledgement_it_asked_for", Upgrade),
        ("acks", "The_server_times_out_and_ignores_what_comes_late", Polling),
        ("acks", "A_broadcast_collects_the_acknowledgements_of_all", All),
        ("acks", "A_broadcast_that_times_out_has_the_answers_so_far", Two),
        ("errors", "An_event_that_fails_is_answered_with_an_error", Two),
        ("namespaces", "Events_and_rooms_of_a_namespace_stay_in_it", Upgrade),
        ("namespaces", "Leaving_one_namespace_leaves_the_others_alone", Upgrade),
        ("namespaces", "A_namespace_may_have_a_name_of_any_script", Polling),
        ("rooms", "A_room_reaches_its_members_but_not_the_sender", All),
        ("rooms", "Several_rooms_reach_each_member_once", All),
        ("rooms", "Except_leaves_rooms_and_sockets_out", All),
        ("rooms", "Broadcast_reaches_everyone_but_the_sender", All),
        ("rooms", "A_socket_id_is_a_room", All),
        ("rooms", "Who_left_a_room_is_not_reached", Upgrade),
        ("rooms", "Any_text_is_a_room_name", Upgrade),
        ("rooms", "A_broadcast_keeps_its_order_with_direct_events", Two),
        ("rooms", "The_server_moves_and_disconnects_sockets_by_room", Two),
        ("rooms", "Members_are_counted_rooms_are_listed_and_joins_are_heard_of", Upgrade),
        ("disconnect", "The_server_disconnects_one_namespace_and_leaves_the_others", Upgrade),
        ("disconnect", "The_server_ends_the_whole_connection", Two),
        ("disconnect", "The_client_says_goodbye", Two),
        ("disconnect", "The_client_closes_its_transport", Two),
        ("disconnect", "What_was_emitted_before_a_disconnect_arrives_first", Two),
    ];

    public static TheoryData<string, string, string> EachCase()
    {
        var data = new TheoryData<string, string, string>();
        foreach (var (script, name, modes) in Cases)
        {
            foreach (var mode in modes)
                data.Add(script, name, mode);
        }
        return data;
    }

    [Theory]
    [MemberData(nameof(EachCase))]
    public Task Behind_the_balancer(string script, string name, string mode) => RunAsync(script, mode, name);
}
