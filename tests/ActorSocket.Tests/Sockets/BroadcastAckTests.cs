using ActorSocket.Protocol.SocketIo;
using ActorSocket.Sockets;

namespace ActorSocket.Tests.Sockets;

/// <summary>What is known of those whom other nodes have asked.</summary>
public sealed class BroadcastAckTests
{
    [Theory]
    [InlineData(0, 1, "one client answered with something else than was asked for")]
    [InlineData(0, 2, "2 clients answered with something else than was asked for")]
    [InlineData(1, 0, "operation has timed out")]
    [InlineData(1, 1, "operation has timed out, and one client answered with something else than was asked for")]
    public void What_is_wrong_with_the_answers_is_what_the_exception_says(int missing, int unreadable, string text)
    {
        var rubbish = SocketJson.Default.FromJsonArray("[\"x\"]"u8);
        var answers = new BroadcastAnswers([.. Enumerable.Repeat(("a", rubbish), unreadable)], missing, [], []);
        Assert.Equal(text, Assert.Throws<AckTimeoutException>(() => answers.Read<int>()).Message);
    }

    [Fact]
    public async Task Names_of_other_nodes_are_known_as_far_as_they_say()
    {
        var acks = new BroadcastAck(1, []);
        acks.NodesAreAsked(3);
        acks.AllAreAsked();
        acks.NodeAsked(4);
        acks.NodeNamed(["a", "b"]);
        acks.NodeNamed(["c", "d"]);
        acks.NodeAsked(2); // of an older version: no names
        acks.Answered("a", SocketArguments.Empty);
        acks.Answered("", SocketArguments.Empty);
        acks.Answered("c", SocketArguments.Empty);
        acks.LeftElsewhere("b");
        acks.LeftElsewhere("c"); // after it had answered
        var answers = await acks.WaitAsync(TimeSpan.Zero, TimeProvider.System, default);
        Assert.Equal(["a", "", "c"], answers.Given.Select(static given => given.From), StringComparer.Ordinal);
        Assert.Equal(["d"], answers.Unanswered);
        Assert.Equal(["b"], answers.Left);
        Assert.Equal(4, answers.Missing); // b, d, one of the older node's, and the third node, which said nothing
    }
}
