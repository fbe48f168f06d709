using ActorSocket.Emitting;

namespace ActorSocket.Tests.Emitting;

public sealed class EmitFlagsTests
{
    [Fact]
    public void A_time_limit_is_from_nothing_to_the_longest_of_JavaScripts_timers()
    {
        var longest = TimeSpan.FromMilliseconds(int.MaxValue);
        Assert.Equal(TimeSpan.Zero, EmitFlags.None.Within(TimeSpan.Zero).Timeout);
        Assert.Equal(longest, EmitFlags.None.Within(longest).Timeout);
        Assert.Throws<ArgumentOutOfRangeException>(() => EmitFlags.None.Within(TimeSpan.FromTicks(-1)));
        Assert.Throws<ArgumentOutOfRangeException>(() => EmitFlags.None.Within(longest + TimeSpan.FromTicks(1)));
        Assert.Null(EmitFlags.None.Timeout); // a flag is a value
    }

    [Theory]
    [InlineData("connect")]
    [InlineData("connect_error")]
    [InlineData("disconnect")]
    [InlineData("disconnecting")]
    [InlineData("newListener")]
    [InlineData("removeListener")]
    public void A_reserved_name_is_refused_in_the_official_words_and_where_it_is_handled_with_what_to_do_instead(string name)
    {
        Assert.StartsWith(
            $"\"{name}\" is a reserved event name (",
            Assert.Throws<ArgumentException>(() => EmitFlags.ThrowIfReserved(name)).Message,
            StringComparison.Ordinal
        );
        var handled = Assert.Throws<ArgumentException>(() => EmitFlags.ThrowIfNotHandled(name)).Message;
        Assert.StartsWith($"\"{name}\" is a reserved event name: ", handled, StringComparison.Ordinal);
        Assert.DoesNotContain("name: .", handled, StringComparison.Ordinal);
        EmitFlags.ThrowIfReserved(name.ToUpperInvariant()); // names are data: this is another one
    }
}
