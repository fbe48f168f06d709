using ActorSocket.Clustering;
using ActorSocket.Emitting;
using Akka.Actor;
using static ActorSocket.Clustering.ClusterProtocol;

namespace ActorSocket.Tests.Cluster.Peers;

/// <summary>Which nodes a broadcast goes to.</summary>
public sealed class PeerTableTests
{
    private readonly PeerTable _table = new();

    [Fact]
    public void A_room_is_where_its_members_are_and_a_union_where_any_is()
    {
        var (one, two, three) = (Add("one000"), Add("two000"), Add("three0"));
        Set("/", "red", one, two);
        Set("/", "blue", two);
        Set("/other", "red", three);
        Assert.Equal([one, two], For("/", "red"));
        Assert.Equal([two], For("/", "blue"));
        Assert.Equal([one, two], For("/", "red", "blue"));
        Assert.Empty(For("/", "green"));
        Assert.Empty(For("/nowhere", "red"));
        Assert.Equal([one, two, three], _table.For("/", RoomSelection.Everyone));
        Assert.Equal(3, _table.RoomCount);
    }

    [Fact]
    public void A_node_whose_rooms_are_not_all_known_gets_everything()
    {
        var (one, two) = (Add("one000"), Add("two000"));
        Set("/", "red", one);
        _table.SetSynchronised(two, false);
        Assert.Equal([one, two], For("/", "red"));
        Assert.Equal([two], For("/", "green"));
        _table.SetSynchronised(one, false);
        Assert.Equal([one, two], For("/", "red")); // each once
    }

    /// <summary>A socket's own room is not announced: its id says where it is.</summary>
    [Theory]
    [InlineData("one0000123456789012345678901", true)]
    [InlineData("/chat#one0000123456789012345678901", true)] // of a Socket.IO 2 client, outside of "/" (E-115)
    [InlineData("two0000123456789012345678901", false)]
    [InlineData("one000", false)] // a tag and nothing behind it
    [InlineData("/chat#one000", false)]
    [InlineData("", false)]
    public void A_socket_is_where_its_id_was_born(string id, bool isThere)
    {
        var one = Add("one000");
        Assert.Equal(isThere ? [one] : [], For("/", id));
        Assert.Equal(isThere, _table.TryGetHome(id, out var home));
        Assert.Equal(isThere ? one : null, home);
    }

    [Fact]
    public void Of_a_node_that_has_gone_nothing_is_left_and_one_that_comes_back_takes_its_place()
    {
        var (one, two) = (Add("one000"), Add("two000"));
        Set("/", "red", one, two);
        Set("/", "blue", one);
        Set("/other", "red", one);
        _table.Remove(one);
        Assert.Equal([two], For("/", "red"));
        Assert.Equal(1, _table.RoomCount);
        Assert.False(_table.TryGet("one000", out _));
        var again = Add("one000");
        Assert.Empty(For("/", "blue"));
        var later = Add("one000");
        Assert.Equal([two, later], _table.All);
        Assert.NotSame(again, later);
    }

    [Fact]
    public void What_is_withdrawn_twice_or_was_never_there_changes_nothing()
    {
        var (one, two) = (Add("one000"), Add("two000"));
        Set("/", "red", one);
        _table.Set(new RoomChange("/", "red", false), two);
        Assert.Equal([one], For("/", "red"));
        for (var i = 0; i < 2; i++)
            _table.Set(new RoomChange("/", "red", false), one);
        Assert.Empty(For("/", "red"));
        Assert.Equal(0, _table.RoomCount);
        Set("/", "red", two, two); // announced again, as after a loss
        Assert.Equal([two], For("/", "red"));
    }

    private Peer Add(string tag)
    {
        var peer = new Peer(tag, ActorRefs.Nobody, [], new LinkHub());
        _table.Add(peer);
        _table.SetSynchronised(peer, true);
        return peer;
    }

    private void Set(string ns, string room, params Peer[] peers)
    {
        foreach (var peer in peers)
            _table.Set(new RoomChange(ns, room, true), peer);
    }

    private IEnumerable<Peer> For(string ns, params string[] rooms) =>
        _table.For(ns, RoomSelection.Everyone.To(rooms)).OrderBy(peer => Array.IndexOf(_table.All, peer));
}
