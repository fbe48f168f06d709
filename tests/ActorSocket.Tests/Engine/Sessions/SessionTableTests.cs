using ActorSocket.Connections;
using Akka.Actor;
using ActorSocket.Sockets;
using static ActorSocket.Connections.ConnectionProtocol;
using static ActorSocket.Sessions.SessionProtocol;

namespace ActorSocket.Tests.Engine.Sessions;

/// <summary>
/// What each message does in each state of a session. "ends"/"closes: reason" is what its socket is told; "closes" goes on living until a
/// GET takes the close.
/// </summary>
public sealed class SessionTableTests : ServerTest
{
    private const string Table = """
                              | Polling                       | Upgrading                              | WebSocket                   | Closing
        PongReceived          | lives                         | lives                                  | lives                       | lives
        PingDue               | lives                         | lives                                  | lives                       | lives
        PongOverdue           | ends: ping timeout            | ends: ping timeout, refused            | ends: ping timeout          | lives
        ConnectOverdue        | closes: forced server close   | closes: forced server close            | ends: forced close          | lives
        UpgradeOverdue        | lives                         | lives, refused                         | lives                       | lives
        NoopDue               | lives                         | lives                                  | lives                       | lives
        HandlersOverdue       | ends: transport error         | ends: transport error, refused         | ends: transport error       | lives
        AttachmentsAwaited    | lives                         | lives                                  | lives                       | lives
        AttachmentsOverdue    | lives                         | lives                                  | lives                       | lives
        CloseOverdue          | lives                         | lives                                  | lives                       | ends
        CloseDelivered        | ends: forced close            | ends: forced close, refused            | ends: forced close          | ends
        ReadingPaused         | lives                         | lives                                  | lives                       | lives
        ReadingResumed        | lives                         | lives                                  | lives                       | lives
        VolatileDropped       | lives                         | lives                                  | lives                       | lives
        Connect               | lives                         | lives                                  | lives                       | lives
        Left                  | lives                         | lives                                  | lives                       | lives
        PacketRefused         | closes: forced server close   | closes: forced server close            | ends: forced close          | lives
        undecodable packet    | closes: forced close          | closes: forced close                   | ends: forced close          | lives
        OutboundFailed        | ends: transport error         | ends: transport error, refused         | ends: transport error       | lives
        Close                 | closes: server shutting down  | closes: server shutting down           | ends: server shutting down  | lives
        own transport fails   | ends: transport close         | ends: transport close, refused         | ends: transport close       | ends
        offered one fails     | lives                         | lives, refused                         | lives                       | lives
        another is offered    | lives                         | lives, other refused                   | lives, other refused        | lives, other refused
        offered one probes    | lives, no                     | lives, yes                             | lives, no                   | lives, no
        offered one confirms  | lives, no                     | lives, yes                             | lives, no                   | lives, no
        another one confirms  | lives, no                     | lives, no                              | lives, no                   | lives, no
        """;

    private readonly FakeWebSocket _own = new();
    private readonly FakeWebSocket _offered = new();
    private readonly FakeWebSocket _other = new();

    public static TheoryData<string, string, string> Cells
    {
        get
        {
            var cells = new TheoryData<string, string, string>();
            var rows = Table.Split('\n').Select(static row => row.Split('|', StringSplitOptions.TrimEntries)).ToArray();
            foreach (var row in rows[1..])
            {
                for (var state = 1; state < row.Length; state++)
                    cells.Add(row[0], rows[0][state], row[state]);
            }
            return cells;
        }
    }

    [Theory]
    [MemberData(nameof(Cells))]
    public async Task A_message_in_a_state_does(string message, string state, string expected)
    {
        var session = await OpenAsync(NewServer(), state == "WebSocket" ? _own : null);
        var socket = CreateTestProbe();
        session.Session.Tell(new Joined("/", socket));
        if (state == "Upgrading")
        {
            session.Session.Tell(new UpgradeOffered(_offered));
            Assert.True(await ReplyAsync(session, reply => new UpgradeProbed(_offered, reply)));
        }
        else if (state == "Closing")
        {
            session.Session.Tell(new Close(DisconnectReason.ForcedClose));
            await socket.FishForMessageAsync(static told => told is ConnectionEvents.ConnectionClosed, Patience);
        }

        var answer = message switch
        {
            "offered one probes" => await ReplyAsync(session, reply => new UpgradeProbed(_offered, reply)) ? ", yes" : ", no",
            "offered one confirms" => await ReplyAsync(session, reply => new UpgradeConfirmed(_offered, reply)) ? ", yes" : ", no",
            "another one confirms" => await ReplyAsync(session, reply => new UpgradeConfirmed(_other, reply)) ? ", yes" : ", no",
            _ => null,
        };
        if (answer is null)
            session.Session.Tell(MessageOf(message, state));

        // Answered by the session, or, once it is gone, by nobody; what it told its socket before lies in the probe by then.
        var lives = (await session.Session.Ask<ActorIdentity>(new Identify(1), Patience)).Subject is not null;
        string? told = null;
        while (socket.HasMessages)
            told = await socket.ReceiveOneAsync(TimeSpan.Zero) is ConnectionEvents.ConnectionClosed closed
                ? closed.Reason.ToString()
                : told;
        var outcome = (lives, told) switch
        {
            (true, null) => "lives",
            (true, _) => "closes: " + told,
            (false, null) => "ends",
            (false, _) => "ends: " + told,
        };
        outcome +=
            answer + (_offered.Refused.Task.IsCompleted ? ", refused" : "") + (_other.Refused.Task.IsCompleted ? ", other refused" : "");
        Assert.Equal(expected, outcome);
    }

    private object MessageOf(string message, string state) => message switch
    {
        "PongReceived" => PongReceived.Instance,
        "PingDue" => PingDue.Instance,
        "PongOverdue" => PongOverdue.Instance,
        "ConnectOverdue" => ConnectOverdue.Instance,
        "UpgradeOverdue" => UpgradeOverdue.Instance,
        "NoopDue" => NoopDue.Instance,
        "HandlersOverdue" => HandlersOverdue.Instance,
        "AttachmentsAwaited" => AttachmentsAwaited.Instance,
        "AttachmentsOverdue" => AttachmentsOverdue.Instance,
        "CloseOverdue" => CloseOverdue.Instance,
        "CloseDelivered" => CloseDelivered.Instance,
        "ReadingPaused" => ReadingPaused.Instance,
        "ReadingResumed" => ReadingResumed.Instance,
        "VolatileDropped" => new VolatileDropped(1),
        "Connect" => new Connect("/nowhere", default, 1),
        "Left" => new Left("/", null),
        "PacketRefused" => new PacketRefused("rubbish", OutOfPlace: true),
        "undecodable packet" => new PacketRefused("rubbish", OutOfPlace: false),
        "OutboundFailed" => new OutboundFailed("the client does not read"),
        "Close" => new Close(DisconnectReason.ServerShuttingDown),
        "own transport fails" => new TransportFailed(state == "WebSocket" ? _own : null, DisconnectReason.TransportClose, null),
        "offered one fails" => new TransportFailed(_offered, DisconnectReason.TransportClose, null),
        "another is offered" => new UpgradeOffered(_other),
        _ => throw new ArgumentOutOfRangeException(nameof(message), message, "The table has a row that no message stands for."),
    };

    private static async Task<bool> ReplyAsync(TestSession session, Func<TaskCompletionSource<bool>, object> message)
    {
        var reply = new TaskCompletionSource<bool>(TaskCreationOptions.RunContinuationsAsynchronously);
        session.Session.Tell(message(reply));
        return await reply.Task.WaitAsync(Patience);
    }
}
