using ActorSocket.Emitting;

namespace ActorSocket.Tests.Emitting;

public sealed class RoomSelectionTests
{
    [Theory]
    [InlineData(null, "", "", true)] // everyone
    [InlineData("red", "", "", true)]
    [InlineData("green,red", "", "", true)] // a union
    [InlineData("green", "", "", false)]
    [InlineData("", "", "", false)] // no room at all
    [InlineData(null, "blue", "", false)]
    [InlineData("red", "blue", "", false)] // who is in both is left out
    [InlineData("red", "green", "", true)]
    [InlineData(null, "", "ada", false)]
    [InlineData("red", "", "ada", false)]
    [InlineData("red", "", "bob", true)]
    public void It_is_for_who_is_in_one_of_its_rooms_and_in_none_that_is_left_out(
        string? rooms,
        string excluded,
        string excludedId,
        bool isFor
    )
    {
        var selection = new RoomSelection(
            rooms is null ? null : Split(rooms),
            Split(excluded),
            null,
            excludedId.Length > 0 ? excludedId : null
        );
        Assert.Equal(isFor, selection.Matches("ada", ["ada", "red", "blue"]));
    }

    [Fact]
    public void Half_an_emoji_in_a_name_is_what_the_other_nodes_read_of_it()
    {
        var selection = RoomSelection.Everyone.To(["a\ud83d", "😀"]).Except(["\ude00b"]);
        Assert.Equal(["a\ufffd", "😀"], selection.Rooms!);
        Assert.Equal(["\ufffdb"], selection.Excluded);
    }

    [Fact]
    public void Each_step_is_a_new_one_and_adds_to_what_was_chosen_before()
    {
        var red = RoomSelection.Everyone.To(["red"]);
        var two = red.To(["blue"]).Except(["a"]).Except(["b"]);
        Assert.Equal(["red"], red.Rooms!);
        Assert.Empty(red.Excluded);
        Assert.Equal(["red", "blue"], two.Rooms!);
        Assert.Equal(["a", "b"], two.Excluded);
        Assert.Null(RoomSelection.Everyone.Rooms);
    }

    [Fact]
    public void The_socket_that_is_left_out_is_that_one_and_not_another_of_its_id()
    {
        // A client that came back is a new socket with the former one's id: what the former one emits to others is for it.
        var (former, again) = (new Member("ada"), new Member("ada"));
        var others = RoomSelection.Everyone.ExceptSocket(former);
        Assert.True(others.Excludes(former));
        Assert.False(others.Excludes(again));
        Assert.False(others.Matches("ada", [])); // by an id alone nobody can tell
        Assert.True(others.Except(["room"]).Excludes(new Member("bob", "room")));
        Assert.True(others.Except(["bob"]).Excludes(new Member("bob"))); // an id is a room, too
    }

    private static string[] Split(string names) => names.Split(',', StringSplitOptions.RemoveEmptyEntries);

    private sealed class Member(string id, params string[] rooms) : IRoomMember
    {
        public string Id => id;

        public bool IsIn(string room) => room == id || rooms.Contains(room);
    }
}
