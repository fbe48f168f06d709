using System.IO.Pipelines;
using Akka.Actor;
using Akka.TestKit;
using ActorSocket.Protocol.EngineIo;
using ActorSocket.Sessions;
using ActorSocket.Transports;
using static ActorSocket.Sessions.SessionProtocol;

namespace ActorSocket.Tests.Transports;

/// <summary>The read loop's ends, with a session that is a probe.</summary>
public sealed class WebSocketTransportTests : ServerTest
{
    [Fact]
    public async Task An_upgrade_that_is_offered_to_a_session_that_is_gone_is_refused_in_time()
    {
        var (link, connection, transport) = Make(static options => options.UpgradeTimeout = TimeSpan.FromMilliseconds(1));
        connection.Session = ActorRefs.Nobody;
        var run = transport.RunUpgradeAsync(refused: false);
        Assert.Equal([0x88, 0], await link.Written.Task.WaitAsync(Patience));
        await run.WaitAsync(Patience);
        Assert.True(link.IsReleased);
    }

    [Fact]
    public async Task A_WebSocket_that_is_refused_after_it_was_taken_ends_its_session()
    {
        var (link, connection, transport) = Make();
        var session = Session(connection);
        var run = transport.RunUpgradeAsync(refused: false);
        await session.ExpectMsgAsync<UpgradeOffered>(Patience);
        await link.Client.WriteAsync((byte[])[0x81, 0x81, 0, 0, 0, 0, (byte)'5']);
        (await session.ExpectMsgAsync<UpgradeConfirmed>(Patience)).Reply.SetResult(true);
        transport.Refuse();
        Assert.Equal(DisconnectReason.TransportClose, (await session.ExpectMsgAsync<TransportFailed>(Patience)).Reason);
        await run.WaitAsync(Patience);
    }

    [Fact]
    public async Task Whatever_goes_wrong_in_the_loop_the_session_is_told()
    {
        var (link, connection, transport) = Make();
        var session = Session(connection);
        var run = transport.RunAsync();
        await link.Client.CompleteAsync(new NotSupportedException("a defect"));
        var failed = await session.ExpectMsgAsync<TransportFailed>(Patience);
        Assert.Equal((DisconnectReason.TransportError, "a defect"), (failed.Reason, failed.Description));
        await Assert.ThrowsAsync<NotSupportedException>(() => run.WaitAsync(Patience));
        Assert.True(link.IsReleased);
    }

    private (Link Link, EngineConnection Connection, WebSocketTransport Transport) Make(Action<ActorSocketOptions>? configure = null)
    {
        var server = NewServer(configure);
        var connection = NewConnection(server);
        var link = new Link();
        return (link, connection, new WebSocketTransport(server, connection, link, WireForm.Standard));
    }

    private TestProbe Session(EngineConnection connection)
    {
        var session = CreateTestProbe();
        connection.Session = session;
        return session;
    }

    private sealed class Link : WebSocketLink
    {
        private readonly Pipe _pipe = new();

        public PipeWriter Client => _pipe.Writer;

        /// <summary>The first write.</summary>
        public TaskCompletionSource<byte[]> Written { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);

        public bool IsReleased { get; private set; }

        public override PipeReader Input => _pipe.Reader;

        public override ValueTask WriteAsync(ReadOnlyMemory<byte> frames)
        {
            Written.TrySetResult(frames.ToArray());
            return default;
        }

        public override void Abort() => _pipe.Writer.Complete();

        public override void Release() => IsReleased = true;
    }
}
