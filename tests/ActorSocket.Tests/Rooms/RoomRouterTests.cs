using ActorSocket.Rooms;
using Akka.Actor;
using Akka.TestKit;
using static ActorSocket.Rooms.RoomProtocol;

namespace ActorSocket.Tests.Rooms;

public sealed class RoomRouterTests : ServerTest
{
    [Fact]
    public async Task Who_has_joined_is_in_the_room_when_he_is_told_so()
    {
        var (_, router, members) = Open();
        var done = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        router.Tell(new Join<string>("ada", 1, done));
        await done.Task.WaitAsync(Patience);
        Assert.Equal(["ada"], members.Snapshot);
    }

    /// <summary>The parent may have sent a join meanwhile: by the number it knows whether the room may go.</summary>
    [Fact]
    public async Task The_last_to_leave_empties_the_room_as_it_was_after_the_last_join()
    {
        var (parent, router, members) = Open();
        router.Tell(new Join<string>("ada", 1, null));
        router.Tell(new Join<string>("bob", 2, null));
        router.Tell(new Leave<string>("ada", null));
        await HandledAsync(router);
        await parent.ExpectNoMsgAsync(TimeSpan.Zero); // somebody is left
        router.Tell(new Leave<string>("bob", null));
        Assert.Equal(new Emptied("room", 2), await parent.ExpectMsgAsync<Emptied>(Patience));
        Assert.Empty(members.Snapshot);
    }

    /// <summary>The word of an empty room is no promise: a parent that did not let it go is told again.</summary>
    [Fact]
    public async Task A_leave_of_nobody_is_done_and_says_again_that_the_room_is_empty()
    {
        var (parent, router, _) = Open();
        var done = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        router.Tell(new Leave<string>("ada", done));
        await done.Task.WaitAsync(Patience);
        Assert.Equal(new Emptied("room", 0), await parent.ExpectMsgAsync<Emptied>(Patience));
    }

    private (TestProbe Parent, IActorRef Router, RoomMembers<string> Members) Open()
    {
        var (parent, members) = (CreateTestProbe(), new RoomMembers<string>());
        return (parent, parent.ChildActorOf(RoomRouter<string>.Props("room", members)), members);
    }
}
