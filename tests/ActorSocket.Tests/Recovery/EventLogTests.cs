using ActorSocket.Emitting;
using ActorSocket.Delivery;
using ActorSocket.Protocol.SocketIo;
using ActorSocket.Recovery;
using CsCheck;

namespace ActorSocket.Tests.Recovery;

/// <summary>The recovery log against a plain list of what happened, and what a search in it costs.</summary>
public sealed class EventLogTests
{
    private const string Tag = "ABCDEF";

    private static readonly EncodedFrame Frame = EncodedFrame.Control("42[\"e\",\"offset\"]"u8);

    [Fact]
    public void Finding_what_was_missed_looks_at_what_was_sent_to_the_rooms_and_at_nothing_else()
    {
        var log = new RecoveryLog(new RecoveryOptions(), Tag, TimeProvider.System);
        for (var i = 0; i < 10_000; i++)
            log.Add(Frame, RoomSelection.Everyone.To([$"room {i % 1000}"]), []);
        var before = log.Examined;
        Assert.True(log.TryGetMissed(0, "id", ["id", "room 7", "room 8"], out var missed));
        Assert.Equal(20, missed.Count);
        Assert.True(log.TryGetMissed(9000, "id", ["id", "room 7", "room 8"], out missed));
        Assert.Equal(2, missed.Count);
        Assert.True(log.Examined - before <= 22 + (2 * 3), $"{log.Examined - before} places were looked at");
        before = log.Examined;
        Assert.True(
            log.TryGetEmitted(
                new Dictionary<string, long>(StringComparer.Ordinal) { [Tag] = 9000 },
                "OTHERS",
                false,
                "id",
                ["id", "room 7"],
                out missed
            )
        );
        Assert.Single(missed);
        Assert.True(log.Examined - before <= 1 + 2 + 14, $"{log.Examined - before} places were looked at");
    }

    [Fact]
    public void What_is_forgotten_gives_its_places_back()
    {
        var log = new EventLog();
        for (var i = 0; i < 1000; i++)
            log.Add(new LoggedEvent(Frame, RoomSelection.Everyone.To([$"room {i}", "all", "all"]), Tag, i + 1, 0));
        Assert.Equal(1001, log.RoomCount);
        while (log.Count > 0)
            log.Forget();
        Assert.Equal((0, 0L, 1000L), (log.RoomCount, log.Bytes, log.Forgotten));
    }

    private sealed record Step(int Kind, string[]? Rooms, string[] Except, int Emitter, int Back, string[] Own);

    private static readonly Gen<string> Room = Gen.OneOfConst("id", "a", "b", "c");

    private static readonly Gen<Step> Steps = Gen.Select(
        Gen.Int[0, 5], Gen.Bool, Room.Array[0, 3], Room.Array[0, 1], Gen.Int[0, 1], Gen.Int[0, 12], Room.Array[0, 4],
        static (kind, all, rooms, except, emitter, back, own) => new Step(kind, all ? null : rooms, except, emitter, back, own));

    /// <summary>
    /// Whatever is emitted, by this node and others, and however much is forgotten: the log finds what a look at every event finds.
    /// </summary>
    [Fact]
    public void The_log_finds_what_a_plain_list_finds() => Steps.Array[1, 60].Sample(
        static steps =>
        {
            const int MaxEvents = 16;
            var log = new RecoveryLog(new RecoveryOptions { MaxEvents = MaxEvents }, Tag, TimeProvider.System);
            var all = new List<LoggedEvent>();
            var numbers = new long[2];
            foreach (var step in steps)
            {
                if (step.Kind < 4)
                {
                    var selection = new RoomSelection(step.Rooms, step.Except, null);
                    if (step.Emitter == 0)
                        log.Add(Frame, selection, []);
                    else
                        log.AddFrom("OTHERS", numbers[1] + 1, Frame, selection);
                    all.Add(new LoggedEvent(Frame, selection, step.Emitter == 0 ? Tag : "OTHERS", ++numbers[step.Emitter], 0));
                    continue;
                }
                var position = all.Count - step.Back;
                var holds = position >= Math.Max(0, all.Count - MaxEvents);
                Assert.Equal(holds, log.TryGetMissed(position, "id", step.Own, out var missed));
                if (holds)
                    Assert.Equal(Matching(all.Skip(position), step.Own), Named(missed!));
                var after = new Dictionary<string, long>(StringComparer.Ordinal)
                {
                    [Tag] = Math.Max(0, numbers[0] - step.Back),
                    ["OTHERS"] = Math.Max(0, numbers[1] - step.Emitter),
                };
                var isComplete = log.TryGetEmitted(after, "OTHERS", false, "id", step.Own, out var emitted);
                var kept = all.Skip(Math.Max(0, all.Count - MaxEvents)).ToList();
                Assert.Equal(Matching(kept.Where(logged => logged.Number > after[logged.Emitter]), step.Own), Named(emitted));
                var forgotten = all.Take(all.Count - kept.Count);
                Assert.Equal(forgotten.All(logged => logged.Emitter != Tag || logged.Number <= after[Tag]), isComplete);
            }
        });

    private static List<(string, long)> Matching(IEnumerable<LoggedEvent> events, string[] own) =>
        Named(events.Where(logged => logged.Selection.Matches("id", own)));

    private static List<(string, long)> Named(IEnumerable<LoggedEvent> events) =>
        [.. events.Select(static logged => (logged.Emitter, logged.Number))];

    private enum Act { ToIt, ToOthers, VolatileText, Receive, Drop, NewSocket }

    /// <summary>
    /// A client's whole life: it receives the beginning of what was sent, drops, comes back with the offset that the official client has,
    /// again and again. It gets each event of its socket once and in order, and is refused only what is forgotten.
    /// </summary>
    [Fact]
    public void A_client_misses_nothing_and_gets_nothing_twice() => Gen.Select(Gen.Int[0, 20], Gen.Int[0, 3]).Array[1, 80].Sample(
        static script =>
        {
            var log = new RecoveryLog(new RecoveryOptions { MaxEvents = 12 }, Tag, TimeProvider.System);
            var wire = new Queue<(int Event, string? Offset)>(); // sent, not received; -1 for what is volatile
            var (expected, received) = (new List<int>(), new List<int>()); // of this socket
            var start = RecoveryStart.New(0, null);
            string? offset = null;
            var emitted = 0;
            foreach (var (kind, count) in script)
            {
                switch (ActOf(kind))
                {
                    case Act.ToIt:
                        log.Add(Frame, RoomSelection.Everyone.To(["id"]), []);
                        expected.Add(++emitted);
                        wire.Enqueue((emitted, log.OffsetOf(log.Last)));
                        break;
                    case Act.ToOthers: log.Add(Frame, RoomSelection.Everyone.To(["others"]), []); break;
                    case Act.VolatileText: wire.Enqueue((-1, log.OffsetOf(log.Last))); break;
                    case Act.Receive:
                        for (var i = 0; i < count; i++)
                            Receive();
                        break;
                    case Act.Drop:
                        wire.Clear();
                        ComeBack();
                        break;
                    case Act.NewSocket: // the client is the same, and so is its offset
                        wire.Clear();
                        BeginAnew();
                        break;
                }
            }
            while (wire.Count > 0)
                Receive();
            Assert.Equal(expected, received);

            void Receive()
            {
                if (!wire.TryDequeue(out var packet))
                    return;
                offset = packet.Offset ?? offset;
                if (packet.Event > 0)
                    received.Add(packet.Event);
            }

            RecoveryClaim Claimed() => offset is null
                ? new RecoveryClaim("secret", "", -1)
                : new RecoveryClaim("secret", offset[..6], long.Parse(offset.AsSpan(6)));

            void ComeBack()
            {
                var claim = Claimed();
                var forgotten = expected.Count - received.Count > 12 || log.Last > 12;
                if (start.LastSeenPosition(claim, Tag) is { } position && log.TryGetMissed(position, "id", ["id"], out var missed))
                {
                    Assert.Equal(expected.Count - received.Count, missed.Count);
                    foreach (var (logged, number) in missed.Zip(expected.Skip(received.Count)))
                        wire.Enqueue((number, log.OffsetOf(position + PlaceOf(logged, position))));
                    while (wire.Count > 0)
                        Receive(); // before the CONNECT: all or none
                }
                else
                {
                    Assert.True(forgotten, "nothing was forgotten");
                    BeginAnew();
                }
            }

            long PlaceOf(LoggedEvent logged, long position)
            {
                Assert.True(log.TryGetMissed(position, "id", ["id", "others"], out var all));
                return all.FindIndex(other => other.Number == logged.Number) + 1;
            }

            void BeginAnew()
            {
                start = RecoveryStart.New(log.Last, Claimed());
                expected.Clear();
                received.Clear();
            }
        });

    private static Act ActOf(int kind) => kind switch
    {
        < 6 => Act.ToIt,
        < 9 => Act.ToOthers,
        < 12 => Act.VolatileText,
        < 17 => Act.Receive,
        < 20 => Act.Drop,
        _ => Act.NewSocket,
    };
}
