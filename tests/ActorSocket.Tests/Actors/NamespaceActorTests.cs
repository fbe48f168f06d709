using ActorSocket.Emitting;
using ActorSocket.Rooms;
using ActorSocket.Sockets;
using Akka.Actor;

namespace ActorSocket.Tests.Actors;

public sealed class NamespaceActorTests : ServerTest
{
    /// <summary>Its parent lets it go on (<c>NamespaceRoot</c>): a restart would leave sockets whose rooms nobody knows.</summary>
    [Fact]
    public async Task One_that_stumbles_goes_on_with_its_sockets_and_their_rooms()
    {
        var (socket, session, webSocket) = await JoinAsync(static one => one.On("say", static (string text) => text));
        await socket.JoinAsync("room");
        var actor = socket.Namespace.Services.Actor;
        actor.Tell(new NamespaceProtocol.ClaimedElsewhere(default, static _ => { })); // no claim at all
        await HandledAsync(actor);
        socket.Namespace.To("room").Emit("still here");
        Assert.Equal("42[\"still here\"]", await webSocket.NextAsync());
        session.Send("""421["say","hello"]""");
        Assert.Equal("431[\"hello\"]", await webSocket.NextAsync());
        await socket.LeaveAsync("room");
        Assert.Empty(socket.Namespace.Services.Select(new RoomSelection(["room"], [], null)));
    }

    [Fact]
    public async Task A_socket_that_is_gone_joins_no_room_and_who_waits_is_told()
    {
        var (socket, _, _) = await JoinAsync();
        await socket.DisconnectAsync();
        var services = socket.Namespace.Services;
        await HandledAsync(services.Actor);
        var done = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        services.Actor.Tell(new NamespaceProtocol.JoinRoom(socket, "room", done));
        await done.Task.WaitAsync(Patience);
        Assert.Equal(0, services.RoomCount);
    }

    [Fact]
    public async Task Only_the_rooms_own_router_can_say_that_it_is_empty()
    {
        var (socket, _, webSocket) = await JoinAsync();
        await socket.JoinAsync("room");
        var services = socket.Namespace.Services;
        services.Actor.Tell(new RoomProtocol.Emptied("room", 1), TestActor); // the number is right; a router of before had it, too
        await HandledAsync(services.Actor);
        Assert.Equal(1, services.RoomCount);
        socket.Namespace.To("room").Emit("still here");
        Assert.Equal("42[\"still here\"]", await webSocket.NextAsync());
        await socket.LeaveAsync("room");
        await AwaitConditionAsync(() => Task.FromResult(services.RoomCount == 0), Patience, TimeSpan.FromMilliseconds(1));
    }
}
