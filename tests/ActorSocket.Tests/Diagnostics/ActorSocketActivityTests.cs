using ActorSocket.Diagnostics;
using ActorSocket.Protocol.SocketIo;

namespace ActorSocket.Tests.Diagnostics;

/// <summary>Where nobody listens nothing is traced, and nothing is made for it. (What is traced: TracingTests.)</summary>
public sealed class ActorSocketActivityTests : ServerTest
{
    [Fact]
    public async Task Nothing_is_allocated_while_nobody_listens()
    {
        Assert.False(ActorSocketActivity.IsOn);
        var handled = 0;
        var (socket, _, _) = await JoinAsync(socket => socket.On("tick", () => { handled++; }));
        var packet = new SocketIoPacket(SocketIoPacketType.Event, "/", -1, "tick", SocketArguments.Empty, 8);
        long bytes = 0;
        for (var round = 0; round < 20; round++) // what is compiled, and compiled anew, may allocate
        {
            var before = GC.GetAllocatedBytesForCurrentThread();
            for (var i = 0; i < 1000; i++)
                await socket.RaiseEventAsync(packet); // completed: the handler is a plain one
            bytes = GC.GetAllocatedBytesForCurrentThread() - before;
        }
        Assert.Equal(20_000, handled);
        Assert.Equal(0, bytes);
        Assert.Equal("", ActorSocketActivity.Current);
    }
}
