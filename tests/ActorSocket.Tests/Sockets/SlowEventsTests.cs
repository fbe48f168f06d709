using ActorSocket.Sockets;

namespace ActorSocket.Tests.Sockets;

public sealed class SlowEventsTests
{
    private readonly SlowEvents _events = new("/chat");

    [Fact]
    public void An_event_is_known_by_the_name_of_its_handler_and_says_nothing_of_others()
    {
        Assert.False(_events.IsAside("slow"));
        var kind = _events.Of("slow");
        Assert.Equal("The handler of \"slow\" in /chat", kind.Name);
        Assert.Same(kind, _events.Of("slow"));
        Assert.False(_events.IsAside("slow"));
        kind.LostLoop();
        Assert.True(_events.IsAside("slow"));
        Assert.False(_events.IsAside("quick"));
        Assert.False(_events.IsAside("what a client calls it"));
    }

    [Fact]
    public void What_no_handler_is_registered_for_is_one_kind_without_a_clients_words()
    {
        _events.Of("known");
        var kind = _events.Of(null);
        Assert.Equal("A listener in /chat", kind.Name);
        kind.LostLoop();
        Assert.True(_events.IsAside("what a client calls it"));
        Assert.False(_events.IsAside("known"));
    }

    [Fact]
    public void Its_memory_is_bounded()
    {
        for (var i = 0; i < 256; i++)
            Assert.Equal($"The handler of \"{i}\" in /chat", _events.Of($"{i}").Name);
        Assert.Same(_events.Of(null), _events.Of("one more"));
        Assert.NotSame(_events.Of(null), _events.Of("1"));
    }
}
