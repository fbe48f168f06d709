using System.Text.Json.Serialization;
using ActorSocket.Data;
using ActorSocket.Protocol.SocketIo;

namespace ActorSocket.Tests.Data;

/// <summary>What whoever the data is of is told of it.</summary>
public sealed class DataOwnerTests
{
    [Fact]
    public void Each_change_is_told_once_and_what_changes_nothing_is_not()
    {
        var owner = new Owner(null);
        IDictionary<string, object?> data = new SocketData(owner);
        Action<Action> changes = change =>
        {
            var before = owner.Changes;
            change();
            Assert.Equal(before + 1, owner.Changes);
        };
        changes(() => data["a"] = 1);
        changes(() => data.Add("b", 2));
        changes(() => data.Remove("b"));
        changes(() => data.Remove(KeyValuePair.Create("a", (object?)1)));
        changes(data.Clear);
        var told = owner.Changes;
        Assert.False(data.Remove("a"));
        Assert.False(data.Remove(KeyValuePair.Create("a", (object?)1)));
        data["c"] = 3;
        Assert.Throws<ArgumentException>(() => data.Add("c", 4));
        Assert.Equal(told + 1, owner.Changes);
    }

    [Fact]
    public void A_copy_is_nobodys()
    {
        var owner = new Owner(null);
        var copy = new SocketData(owner) { ["a"] = 1 }.Copy();
        var before = owner.Changes;
        copy["a"] = 2;
        Assert.Equal(before, owner.Changes);
        Assert.Null(copy.Owner);
    }

    [Fact]
    public void What_cannot_travel_is_told_when_it_is_put_where_something_has_to()
    {
        var (single, several) = (new Owner(null), new Owner(new SocketJson(null)));
        foreach (var owner in (Owner[])[single, several])
            _ = new SocketData(owner) { ["n"] = 7, ["task"] = Task.CompletedTask };
        Assert.Empty(single.StayBehind);
        Assert.True(typeof(Task).IsAssignableFrom(Assert.Single(several.StayBehind)));
    }

    [Fact]
    public void What_cannot_be_written_any_more_travels_as_it_was_when_it_was_put()
    {
        var json = new SocketJson(null);
        var basket = new Basket { Items = 2 };
        var data = new SocketData(new Owner(json)) { ["basket"] = basket };
        basket.IsBroken = true;
        var back = SocketData.Read(data.ToBytes(json));
        Assert.True(back.IsWhole);
        Assert.Equal(2, back.Get<Basket>("basket", json)!.Items);
    }

    private sealed class Basket
    {
        private int _items;

        [JsonIgnore]
        public bool IsBroken { get; set; }

        public int Items
        {
            get => IsBroken ? throw new InvalidOperationException("not now") : _items;
            set => _items = value;
        }
    }

    private sealed class Owner(SocketJson? travelsAs) : IDataOwner
    {
        public SocketJson? TravelsAs => travelsAs;

        public int Changes { get; private set; }

        public List<Type> StayBehind { get; } = [];

        public void OnStaysBehind(Type type) => StayBehind.Add(type);

        public void OnDataChanged() => Changes++;
    }
}
