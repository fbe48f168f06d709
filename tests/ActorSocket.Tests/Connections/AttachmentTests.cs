namespace ActorSocket.Tests.Connections;

/// <summary>A packet whose attachments never come is not waited for for ever.</summary>
public sealed class AttachmentTests : ServerTest
{
    private const string Header = "451-[\"x\",{\"_placeholder\":true,\"num\":0}]";

    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(30), Moment = TimeSpan.FromMilliseconds(2);

    [Theory]
    [InlineData(false, false)]
    [InlineData(false, true)]
    [InlineData(true, false)]
    [InlineData(true, true)]
    public async Task A_packet_whose_attachments_do_not_come_ends_the_connection_though_pongs_come(bool webSocket, bool customParser)
    {
        var session = await StartAsync(webSocket, customParser ? new Hungry() : null);
        session.Send(customParser ? "4more" : Header);
        await HandledAsync(session.Session);
        for (var i = 0; i < 3; i++)
        {
            Clock.Advance(Limit / 3 - Moment);
            session.Send("3");
            await HandledAsync(session.Session);
        }
        Assert.Null(session.Connection.ClosedBecause);
        Clock.Advance(4 * Moment);
        await HandledAsync(TestActor);
        await AwaitConditionAsync(
            () => Task.FromResult(session.Connection.ClosedBecause is not null),
            Patience,
            TimeSpan.FromMilliseconds(1)
        );
    }

    [Fact]
    public async Task Each_attachment_has_the_time_anew_and_a_packet_that_is_whole_is_waited_for_no_more()
    {
        var (_, session, _) = await JoinAsync(configure: static o => o.PingInterval = TimeSpan.FromHours(1));
        session.Send("452-[\"x\",{\"_placeholder\":true,\"num\":0},{\"_placeholder\":true,\"num\":1}]");
        await HandledAsync(session.Session);
        for (var i = 0; i < 2; i++)
        {
            Clock.Advance(Limit - Moment);
            session.Send("3");
            session.Send("bAQ==");
            await HandledAsync(session.Session);
        }
        Clock.Advance(Limit + Moment);
        await HandledAsync(session.Session);
        Assert.Null(session.Connection.ClosedBecause);
    }

    private async Task<TestSession> StartAsync(bool webSocket, SocketIoParser? parser) => await OpenAsync(
        NewServer(o =>
        {
            o.PingInterval = o.ConnectTimeout = TimeSpan.FromHours(1);
            o.Parser = parser;
        }),
        webSocket ? new FakeWebSocket() : null);

    /// <summary>A parser to which no packet is ever complete.</summary>
    private sealed class Hungry : SocketIoParser
    {
        public override SocketIoParserMessages Encode(in SocketIoParserPacket packet) => new([], []);

        public override SocketIoParserDecoder CreateDecoder() => new Decoder();

        private sealed class Decoder : SocketIoParserDecoder
        {
            public override SocketIoParserPacket? AddText(ReadOnlySpan<byte> text) => null;

            public override SocketIoParserPacket? AddBinary(ReadOnlySpan<byte> binary) => null;
        }
    }
}
