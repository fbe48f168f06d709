using ActorSocket.ClientTests.Infrastructure;
using Xunit.Abstractions;

namespace ActorSocket.ClientTests;

/// <summary>Rooms and broadcasts, by the official JavaScript client. The cases are in node/rooms.mjs.</summary>
public sealed class RoomTests(ITestOutputHelper output) : ClientTest("rooms", output)
{
    [Theory]
    [EachTransport]
    public Task A_room_reaches_its_members_but_not_the_sender(string mode) => RunAsync(mode);

    [Theory]
    [EachTransport]
    public Task Several_rooms_reach_each_member_once(string mode) => RunAsync(mode);

    [Theory]
    [EachTransport]
    public Task Except_leaves_rooms_and_sockets_out(string mode) => RunAsync(mode);

    [Theory]
    [EachTransport]
    public Task Broadcast_reaches_everyone_but_the_sender(string mode) => RunAsync(mode);

    [Theory]
    [EachTransport]
    public Task A_socket_id_is_a_room(string mode) => RunAsync(mode);

    [Theory]
    [EachTransport]
    public Task Who_left_a_room_is_not_reached(string mode) => RunAsync(mode);

    [Theory]
    [EachTransport]
    public Task Any_text_is_a_room_name(string mode) => RunAsync(mode);

    [Theory]
    [EachTransport]
    public Task A_broadcast_keeps_its_order_with_direct_events(string mode) => RunAsync(mode);

    [Theory]
    [EachTransport]
    public Task The_server_moves_and_disconnects_sockets_by_room(string mode) => RunAsync(mode);

    [Theory]
    [EachTransport]
    public Task Members_are_counted_rooms_are_listed_and_joins_are_heard_of(string mode) => RunAsync(mode);
}
