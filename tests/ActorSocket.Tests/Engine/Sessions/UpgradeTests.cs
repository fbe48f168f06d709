using ActorSocket.Protocol.SocketIo;
using Akka.Actor;
using ActorSocket.Sessions;
using static ActorSocket.Sessions.SessionProtocol;

namespace ActorSocket.Tests.Engine.Sessions;

public sealed class UpgradeTests : ServerTest
{
    [Fact]
    public async Task A_probe_is_answered_and_the_confirmed_websocket_gets_what_was_queued_first()
    {
        var session = await OpenAsync(NewServer());
        var webSocket = new FakeWebSocket();
        session.Session.Tell(new UpgradeOffered(webSocket));
        Assert.True(await ProbeAsync(session, webSocket));
        session.Connection.Outbound.Append(EncodedFrame.Control("4queued"u8));
        Assert.True(await ConfirmAsync(session, webSocket));
        session.Connection.Outbound.Append(EncodedFrame.Control("4later"u8));
        Assert.Equal("4queued", await webSocket.NextAsync());
        Assert.Equal("4later", await webSocket.NextAsync());
        Assert.Equal("websocket", session.Connection.TransportName);
    }

    [Fact]
    public async Task While_probing_every_waiting_get_is_released_with_a_noop()
    {
        var session = await OpenAsync(NewServer());
        var webSocket = new FakeWebSocket();
        session.Session.Tell(new UpgradeOffered(webSocket));
        Assert.True(await ProbeAsync(session, webSocket));
        for (var i = 0; i < 3; i++)
        {
            var poll = session.Park();
            Clock.Advance(TimeSpan.FromMilliseconds(100));
            Assert.Equal("6", await poll.WaitAsync(Patience));
        }
    }

    [Fact]
    public async Task An_upgrade_that_stalls_is_dropped_and_the_session_polls_on()
    {
        var session = await OpenAsync(NewServer());
        var webSocket = new FakeWebSocket();
        session.Session.Tell(new UpgradeOffered(webSocket));
        Assert.True(await ProbeAsync(session, webSocket));
        Clock.Advance(TimeSpan.FromSeconds(10));
        await webSocket.Refused.Task.WaitAsync(Patience);
        Assert.False(await ConfirmAsync(session, webSocket));
        session.Connection.Outbound.Append(EncodedFrame.Control("4still here"u8));
        Assert.Equal("4still here", await session.PollAsync());
    }

    [Fact]
    public async Task A_websocket_that_drops_while_probing_leaves_the_session_polling()
    {
        var session = await OpenAsync(NewServer());
        var webSocket = new FakeWebSocket();
        session.Session.Tell(new UpgradeOffered(webSocket));
        Assert.True(await ProbeAsync(session, webSocket));
        session.Connection.Fail(webSocket, DisconnectReason.TransportClose, null);
        await HandledAsync(session.Session);
        var second = new FakeWebSocket();
        session.Session.Tell(new UpgradeOffered(second));
        Assert.True(await ProbeAsync(session, second));
        Assert.True(await ConfirmAsync(session, second));
    }

    [Fact]
    public async Task A_second_websocket_is_refused_while_one_probes_and_after_the_upgrade()
    {
        var session = await OpenAsync(NewServer());
        var first = new FakeWebSocket();
        session.Session.Tell(new UpgradeOffered(first));
        Assert.True(await ProbeAsync(session, first));
        var second = new FakeWebSocket();
        session.Session.Tell(new UpgradeOffered(second));
        await second.Refused.Task.WaitAsync(Patience);
        Assert.True(await ConfirmAsync(session, first));
        var third = new FakeWebSocket();
        session.Session.Tell(new UpgradeOffered(third));
        await third.Refused.Task.WaitAsync(Patience);
        Assert.False(first.Refused.Task.IsCompleted);
    }

    [Fact]
    public async Task A_confirmation_without_a_probe_upgrades()
    {
        var session = await OpenAsync(NewServer());
        var webSocket = new FakeWebSocket();
        session.Session.Tell(new UpgradeOffered(webSocket));
        Assert.True(await ConfirmAsync(session, webSocket));
    }

    [Fact]
    public async Task A_session_that_ends_while_probing_takes_the_websocket_along()
    {
        var session = await OpenAsync(NewServer());
        var webSocket = new FakeWebSocket();
        session.Session.Tell(new UpgradeOffered(webSocket));
        session.Connection.Fail(null, DisconnectReason.TransportError, null);
        await webSocket.Refused.Task.WaitAsync(Patience);
        await ExpectTerminatedAsync(session.Session, Patience);
    }

    private static Task<bool> ProbeAsync(TestSession session, ITransport transport)
    {
        var reply = new TaskCompletionSource<bool>();
        session.Session.Tell(new UpgradeProbed(transport, reply));
        return reply.Task.WaitAsync(Patience);
    }

    private static Task<bool> ConfirmAsync(TestSession session, ITransport transport)
    {
        var reply = new TaskCompletionSource<bool>();
        session.Session.Tell(new UpgradeConfirmed(transport, reply));
        return reply.Task.WaitAsync(Patience);
    }
}
