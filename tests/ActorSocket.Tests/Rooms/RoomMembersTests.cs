using ActorSocket.Rooms;
using CsCheck;

namespace ActorSocket.Tests.Rooms;

public sealed class RoomMembersTests
{
    // more than a list is searched for
    private static readonly string[] Everybody = [.. Enumerable.Range(0, 40).Select(static i => $"member {i}")];

    /// <summary>
    /// Removing one moves the last into its place, in the list and in the index: a room that has been both small and large shows any slip.
    /// </summary>
    [Fact]
    public void Whoever_joins_and_leaves_the_members_are_those_of_a_plain_set() =>
        Gen.Select(Gen.Int[0, 39], Gen.Bool)
            .Array[0, 300]
            .Sample(static steps =>
            {
                var (members, plain) = (new RoomMembers<string>(), new HashSet<string>(StringComparer.Ordinal));
                foreach (var (who, joins) in steps)
                {
                    if (joins)
                        members.Add(Everybody[who]);
                    else
                        members.Remove(Everybody[who]);
                    _ = joins ? plain.Add(Everybody[who]) : plain.Remove(Everybody[who]);
                    Assert.Equal(plain.Count, members.Count);
                }
                Assert.Equal(plain.Order(StringComparer.Ordinal), members.Snapshot.Order(StringComparer.Ordinal));
            });

    [Fact]
    public void What_an_emitter_has_been_given_does_not_change_and_is_given_again_as_long_as_nobody_comes_or_goes()
    {
        var members = new RoomMembers<string>();
        members.Add("ada");
        var before = members.Snapshot;
        members.Add("ada"); // she is there
        members.Remove("bob"); // he is not
        Assert.Same(before, members.Snapshot);
        members.Add("bob");
        members.Remove("ada");
        Assert.Equal(["ada"], before);
        Assert.Equal(["bob"], members.Snapshot);
    }
}
