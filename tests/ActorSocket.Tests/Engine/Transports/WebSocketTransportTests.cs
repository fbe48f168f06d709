using ActorSocket.Protocol.SocketIo;
using System.IO.Pipelines;
using Akka.Actor;
using Akka.TestKit;
using ActorSocket.Protocol.EngineIo;
using ActorSocket.Sessions;
using ActorSocket.Transports;
using static ActorSocket.Sessions.SessionProtocol;

namespace ActorSocket.Tests.Engine.Transports;

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
    public async Task A_peer_that_has_gone_without_a_close_frame_gets_none()
    {
        var (link, connection, transport) = Make();
        var session = Session(connection);
        var run = transport.RunAsync();
        connection.AttachWebSocket(transport);
        await link.Client.CompleteAsync();
        await session.ExpectMsgAsync<TransportFailed>(Patience);
        connection.Outbound.Close(); // as the session does, which may come to it before the loop has ended
        await run.WaitAsync(Patience);
        Assert.Empty(link.All.ToArray());
    }

    [Fact]
    public async Task What_comes_behind_the_peers_close_frame_is_taken_and_nobodys()
    {
        var (link, connection, transport) = Make();
        Session(connection);
        link.Gate = new TaskCompletionSource().Task; // it does not read
        _ = transport.RunAsync();
        connection.AttachWebSocket(transport);
        connection.Outbound.Append(EncodedFrame.Control("4last"u8));
        await link.Client.WriteAsync((byte[])[0x88, 0x80, 0, 0, 0, 0]);
        connection.Outbound.Close();
        transport.Close();
        for (var i = 0; i < 4; i++) // more than a pipe holds
            await link.Client.WriteAsync(new byte[64 * 1024]).AsTask().WaitAsync(Patience);
    }

    [Fact]
    public async Task A_WebSocket_that_is_refused_just_as_its_connection_breaks_ends()
    {
        var (link, connection, transport) = Make();
        var session = Session(connection);
        link.Fails = new IOException("it is gone");
        var run = transport.RunUpgradeAsync(refused: false);
        await session.ExpectMsgAsync<UpgradeOffered>(Patience);
        transport.Refuse();
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

    [Fact]
    public async Task A_ping_frame_is_answered_while_the_WebSocket_only_probes()
    {
        var (link, connection, transport) = Make();
        var session = Session(connection);
        _ = transport.RunUpgradeAsync(refused: false);
        await session.ExpectMsgAsync<UpgradeOffered>(Patience);
        // a ping, and the probe right behind it
        await link.Client.WriteAsync((byte[])[0x89, 0x82, 0, 0, 0, 0, (byte)'h', (byte)'i', .. Probe]);
        Assert.Equal([0x8A, 2, (byte)'h', (byte)'i'], await link.Written.Task.WaitAsync(Patience));
        await session.ExpectMsgAsync<UpgradeProbed>(Patience);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task A_WebSocket_that_probes_or_pings_and_does_not_read_the_answers_is_cut(bool pings)
    {
        var (link, connection, transport) = Make(static options => options.UpgradeTimeout = TimeSpan.FromMilliseconds(1));
        var session = Session(connection);
        link.Gate = new TaskCompletionSource().Task;
        var run = transport.RunUpgradeAsync(refused: false);
        await session.ExpectMsgAsync<UpgradeOffered>(Patience);
        await link.Client.WriteAsync(pings ? [0x89, 0x80, 0, 0, 0, 0] : Probe);
        if (!pings)
            (await session.ExpectMsgAsync<UpgradeProbed>(Patience)).Reply.SetResult(true);
        await link.Aborted.Task.WaitAsync(Patience);
        await run.WaitAsync(Patience);
    }

    [Theory]
    [InlineData("okhttp/4.12.0", true)]
    [InlineData("Mozilla/5.0", false)]
    public async Task At_a_stop_Javas_WebSocket_is_just_ended_since_it_would_not_notice_the_end_behind_a_close_frame(
        string agent,
        bool silent
    )
    {
        var (link, connection, transport) = Make(agent: agent);
        var run = transport.RunAsync();
        connection.AttachWebSocket(transport);
        connection.Outbound.Append(EncodedFrame.Control("4last"u8));
        connection.Outbound.Close(connection.Handshake.IsOkHttp ? ActorSocket.Delivery.Outbound.NoCloseFrame : 1001);
        transport.Close();
        if (!silent)
            await link.Client.CompleteAsync(); // it takes the end of TCP for an answer
        await run.WaitAsync(Patience);
        Assert.Equal(silent ? "81053" + "46C617374" : "81053" + "46C617374" + "880203E9", Convert.ToHexString(link.All.ToArray()));
    }

    [Theory]
    [InlineData(true, "okhttp/4.12.0", null, null)]
    [InlineData(true, "MyGame/1.2 (Android)", "gzip", "permessage-deflate")]
    [InlineData(false, "MyGame/1.2", "gzip, deflate", "permessage-deflate")]
    [InlineData(false, "Dart/3.5 (dart:io)", "gzip", "permessage-deflate; client_max_window_bits")]
    [InlineData(false, "Mozilla/5.0", "gzip", "permessage-deflate", "https://game.example")]
    public void OkHttp_is_known_by_its_name_or_by_what_it_offers(
        bool isOkHttp, string agent, string? encoding, string? extensions, string? origin = null)
    {
        var headers = new Dictionary<string, string>(StringComparer.Ordinal) { ["user-agent"] = agent };
        foreach (var (name, value) in new[] { ("accept-encoding", encoding), ("sec-websocket-extensions", extensions), ("origin", origin) })
        {
            if (value is not null)
                headers[name] = value;
        }
        Assert.Equal(isOkHttp, (NewConnection(NewServer(), agent).Handshake with { Headers = headers }).IsOkHttp);
    }

    private static readonly byte[] Probe = [0x81, 0x86, 0, 0, 0, 0, .. "2probe"u8];

    private (Link Link, EngineConnection Connection, WebSocketTransport Transport) Make(
        Action<ActorSocketOptions>? configure = null,
        string? agent = null
    )
    {
        var server = NewServer(configure, TimeProvider.System); // its time limits end by themselves
        var connection = NewConnection(server, agent);
        var link = new Link();
        return (link, connection, new WebSocketTransport(server.Engine, connection, link, WireForm.Standard));
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

        /// <summary>Writes wait for this.</summary>
        public Task Gate { get; set; } = Task.CompletedTask;

        /// <summary>What each write throws.</summary>
        public Exception? Fails { get; set; }

        public MemoryStream All { get; } = new();

        public TaskCompletionSource Aborted { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);

        public override PipeReader Input => _pipe.Reader;

        public override ValueTask WriteAsync(ReadOnlyMemory<byte> frames)
        {
            if (Fails is { } failure)
                return ValueTask.FromException(failure);
            Written.TrySetResult(frames.ToArray());
            All.Write(frames.Span);
            return new ValueTask(Gate);
        }

        public override void Abort()
        {
            _pipe.Writer.Complete();
            Aborted.TrySetResult();
        }

        public override void Release() => IsReleased = true;
    }
}
