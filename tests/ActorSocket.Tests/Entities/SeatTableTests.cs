using System.Text.Json;
using System.Text.RegularExpressions;
using ActorSocket.Entities;
using CsCheck;

namespace ActorSocket.Tests.Entities;

/// <summary>The stories of seats, step by step: whatever is said of their sockets, in whatever order, twice, or late.</summary>
public sealed partial class SeatTableTests
{
    private enum Step { Take, Reserve, Return, Here, Gone, Left, Leave, Wait, Save, Crash, Move }

    private static readonly Gen<Step> AnyStep = Gen.Frequency(
        (5, Gen.Const(Step.Take)),
        (2, Gen.Const(Step.Reserve)),
        (5, Gen.Const(Step.Return)),
        (5, Gen.Const(Step.Here)),
        (6, Gen.Const(Step.Gone)),
        (2, Gen.Const(Step.Left)),
        (2, Gen.Const(Step.Leave)),
        (4, Gen.Const(Step.Wait)),
        (3, Gen.Const(Step.Save)),
        (2, Gen.Const(Step.Crash)),
        (2, Gen.Const(Step.Move))
    );

    [Fact]
    public void Each_lost_seat_is_returned_to_or_left_once_whatever_is_said_of_sockets_and_whatever_crashes() =>
        Gen.Select(AnyStep, Gen.Int[0, 9], Gen.Int[0, 9]).Array[1, 80].Sample(static steps =>
        {
            var world = new World();
            foreach (var (step, one, other) in steps)
                world.Take(step, one, other);
            world.Wait(TimeSpan.FromDays(1));
            Assert.DoesNotContain(world.Table.All, static seat => seat.State is SeatState.Lost or SeatState.Reserved);
        });

    [Fact]
    public void Words_of_the_socket_before_do_not_end_the_one_after_it()
    {
        var table = new SeatTable(10);
        var seat = table.Take("before", "", World.Start).Seat;
        table.See("before", SocketPresence.Gone, World.Start);
        Assert.Equal(SeatChangeKind.Returned, table.Return(seat, "after", World.Start)!.Value.Kind);
        Assert.Null(table.Return(seat, "after", World.Start));
        Assert.Null(table.See("before", SocketPresence.Gone, World.Start));
        Assert.Null(table.See("before", SocketPresence.Left, World.Start));
        Assert.Equal(("after", SeatState.Connected), (seat.SocketId, seat.State));
    }

    [Fact]
    public void A_client_that_returns_before_its_loss_is_known_was_lost_first()
    {
        var table = new SeatTable(10);
        var seat = table.Take("before", "", World.Start).Seat;
        Assert.Equal(SeatChangeKind.Lost, table.Return(seat, "after", World.Start)!.Value.Kind);
        Assert.Equal(("before", SeatState.Lost), (seat.SocketId, seat.State)); // what is saved now is what was told
        Assert.Equal(SeatChangeKind.Returned, table.Return(seat, "after", World.Start)!.Value.Kind);
        Assert.Null(table.Return(seat, "after", World.Start));
        Assert.Same(seat, table.OfSocket("after"));
        Assert.Null(table.OfSocket("before"));
    }

    [Fact]
    public void Whoever_was_kept_has_a_while_after_the_start_and_others_have_what_they_were_given()
    {
        var table = new SeatTable(10) { GraceTime = TimeSpan.FromSeconds(20), ReservationTime = TimeSpan.FromSeconds(1) };
        var (lost, there) = (table.Take("a", "", World.Start).Seat.Number, table.Take("b", "", World.Start).Seat.Number);
        table.See("a", SocketPresence.Gone, World.Start);
        var reserved = table.Reserve("", World.Start).Number;
        table = World.Again(table);
        var own = table.Reserve("", World.Start.AddSeconds(12)).Number; // by OnStartedAsync
        table.KeepUntil(World.Start.AddSeconds(17), reserved);
        Assert.Equal(
            [(lost, 20), (there, null), (reserved, 17), (own, 13)],
            table.All.Select(static seat => (seat.Number, (seat.Due - World.Start)?.TotalSeconds))
        );
    }

    [Fact]
    public void Grace_runs_from_the_loss_also_over_a_move()
    {
        var table = new SeatTable(10);
        table.GraceTime = TimeSpan.FromSeconds(20);
        table.Take("a", "", World.Start);
        table.See("a", SocketPresence.Gone, World.Start.AddSeconds(5));
        table = World.Again(table);
        Assert.Null(table.See("a", SocketPresence.Gone, World.Start.AddSeconds(15)));
        Assert.Null(table.Expire(World.Start.AddSeconds(24)));
        Assert.Equal(World.Start.AddSeconds(25), table.FirstDue);
        Assert.Equal(SeatLeaveReason.GraceTimeOver, table.Expire(World.Start.AddSeconds(25))!.Value.Reason);
        Assert.Null(table.FirstDue);
    }

    [Fact]
    public void A_seat_is_left_once_and_by_its_own_entity()
    {
        var (table, other) = (new SeatTable(10), new SeatTable(10));
        var seat = table.Take("a", "", World.Start).Seat;
        other.Take("b", "", World.Start);
        Assert.Null(other.Leave(seat, SeatLeaveReason.Left, World.Start));
        Assert.Single(other.All);
        Assert.Equal(SeatLeaveReason.Kicked, table.Leave(seat, SeatLeaveReason.Kicked, World.Start)!.Value.Reason);
        Assert.Null(table.Leave(seat, SeatLeaveReason.Left, World.Start));
        Assert.Null(table.See("a", SocketPresence.Gone, World.Start));
    }

    [Fact]
    public void A_token_is_known_as_a_whole_and_while_its_seat_is_there_only()
    {
        var table = new SeatTable(10);
        var (one, two) = (table.Take("a", "", World.Start).Seat, table.Take("b", "", World.Start).Seat);
        Assert.Same(one, table.OfToken(one.Token));
        Assert.False(one.Token == two.Token);
        Assert.Null(table.OfToken(one.Token[..^1]));
        Assert.Null(table.OfToken("2" + one.Token[1..])); // the secret of another
        Assert.Null(table.OfToken(""));
        Assert.Null(table.OfToken("."));
        Assert.Null(table.OfToken("99999999999999999999.x"));
        Assert.Same(one, table.OfToken(table.All.First().Token));
        table.Leave(one, SeatLeaveReason.Kicked, World.Start);
        Assert.Null(table.OfToken(one.Token));
        Assert.DoesNotContain(two.Token, two.ToString(), StringComparison.Ordinal);
        Assert.Equal(3, World.Again(table).Take("c", "", World.Start).Seat.Number); // never given twice
    }

    /// <summary>A table, its last save, and what the entity was told of each seat: a crash takes back both.</summary>
    private sealed partial class World
    {
        public static readonly DateTimeOffset Start = DateTimeOffset.UnixEpoch;

        private readonly Dictionary<long, string> _stories = [];
        private (SeatTable Table, Dictionary<long, string> Stories) _saved = (new SeatTable(5), []);
        private DateTimeOffset _now = Start;

        public SeatTable Table { get; private set; } = new(5);

        public void Take(Step step, int one, int other)
        {
            var (socket, seat) = ("socket " + one, Table.All.ElementAtOrDefault(other % Math.Max(1, Table.Count)));
            switch (step)
            {
                case Step.Take when Table.OfSocket(socket) is null && Table.Count < Table.Capacity:
                    Note(Table.Take(socket, "", _now));
                    break;
                case Step.Reserve when Table.Count < Table.Capacity:
                    Table.ReservationTime = TimeSpan.FromSeconds(one);
                    Table.Reserve("", _now);
                    break;
                case Step.Return when seat is not null && (Table.OfSocket(socket) ?? seat) == seat:
                    while (Table.Return(seat, socket, _now) is { } change)
                    {
                        Note(change);
                        Check();
                    }
                    break;
                case Step.Here: See(socket, SocketPresence.Here); break;
                case Step.Gone: See(socket, SocketPresence.Gone); break;
                case Step.Left: See(socket, SocketPresence.Left); break;
                case Step.Leave when seat is not null: Note(Table.Leave(seat, SeatLeaveReason.Left, _now)); break;
                case Step.Wait: Wait(TimeSpan.FromSeconds(5 * other)); break;
                case Step.Save: _saved = (Again(Table), new(_stories)); break;
                case Step.Crash:
                    Table = Again(_saved.Table);
                    _stories.Clear();
                    foreach (var (number, story) in _saved.Stories)
                        _stories[number] = story;
                    break;
                case Step.Move: Table = Again(Table); break;
            }
            Check();
        }

        public void Wait(TimeSpan time)
        {
            _now += time;
            while (Table.Expire(_now) is { } change)
                Note(change);
            Assert.False(Table.FirstDue <= _now);
        }

        public static SeatTable Again(SeatTable table) =>
            new(table.Most, JsonSerializer.Deserialize<SeatRecords>(JsonSerializer.SerializeToUtf8Bytes(table.ToRecords()))!);

        private void See(string socket, SocketPresence presence)
        {
            var change = Table.See(socket, presence, _now);
            Note(change);
            Assert.Null(Table.See(socket, presence, _now)); // said twice
            if (change is null && presence == SocketPresence.Here)
                Assert.NotEqual(SeatState.Lost, Table.OfSocket(socket)?.State);
        }

        private void Note(SeatChange? change)
        {
            if (change is { } known)
                _stories[known.Seat.Number] = _stories.GetValueOrDefault(known.Seat.Number, "") + known.Kind.ToString()[0] + (
                    known.Kind == SeatChangeKind.Left ? "eft" : "");
        }

        private void Check()
        {
            foreach (var story in _stories.Values)
                Assert.Matches(Story(), story);
            Assert.True(Table.Count <= Table.Capacity);
            foreach (var seat in Table.All)
            {
                var story = _stories.GetValueOrDefault(seat.Number, "");
                Assert.Equal(
                    story.Length == 0 ? SeatState.Reserved : story[^1] == 'L' ? SeatState.Lost : SeatState.Connected,
                    seat.State
                );
                Assert.Equal(seat.State == SeatState.Connected, seat.Due is null);
                Assert.Same(seat.State == SeatState.Reserved ? null : seat, Table.OfSocket(seat.SocketId));
            }
            Assert.Equal(
                _stories.Where(static one => !one.Value.EndsWith("Left", StringComparison.Ordinal)).Select(static one => one.Key).Order(),
                Table.All.Where(static seat => seat.State != SeatState.Reserved).Select(static seat => seat.Number)
            );
        }

        [GeneratedRegex("^(Left|J(LR)*(L?Left|L)?)$", RegexOptions.ExplicitCapture, 1000)]
        private static partial Regex Story();
    }
}
