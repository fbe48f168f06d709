using ActorSocket.Protocol.SocketIo;

namespace ActorSocket.Tests.Protocol.SocketIo;

/// <summary>What cannot be an argument.</summary>
public sealed class ArgumentWriterTests
{
    private static readonly TaskCompletionSource<string> Never = new();

    [Fact]
    public void A_task_is_refused_and_not_waited_for()
    {
        Refused(Never.Task);
        Refused((Task)Never.Task);
        Refused(new ValueTask<string>(Never.Task));
        Refused(new ValueTask(Never.Task));
        Refused<ValueTask<int>?>(new ValueTask<int>(1));
        Refused((object)Never.Task);
        Refused((object)new ValueTask<string>(Never.Task));
        Refused((object)new ValueTask(Never.Task));
        Refused(default(ValueTask));
        Assert.Equal("[1,null,null,\"x\",[2]]", System.Text.Encoding.UTF8.GetString(
            SocketJson.Default.ToJsonArray(new EventArguments<int, Task?, ValueTask?, object, List<int>>(1, null, null, "x", [2]))));
    }

    private static void Refused<T>(T argument)
    {
        Check(() => SocketJson.Default.ToJsonArray(new EventArguments<T>(argument)));
        Check(() => SocketJson.Default.ToJsonArray(new ArgumentList([1, argument])));

        static void Check(Action write) =>
            Assert.Contains("await", Assert.Throws<ArgumentException>(write).Message, StringComparison.Ordinal);
    }
}
