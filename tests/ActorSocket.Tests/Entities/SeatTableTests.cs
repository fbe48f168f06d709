using System.Text.Json;
using System.Text.RegularExpressions;
using ActorSocket.Entities;
using CsCheck;

namespace ActorSocket.Tests.Entities;

/// <summary>The stories of seats, step by step: whatever is said of their sockets, in whatever order, twice, or late.</summary>
public sealed partial class SeatTableTests
{
    private enum Step { Take, Reserve, Return, Here, Gone, Left, Leave, Wait, Ask, Save, Crash, Move }

    private static readonly Gen<Step> AnyStep = Gen.Frequency(
        (5, Gen.Const(Step.Take)),
        (2, Gen.Const(Step.Reserve)),
        (5, Gen.Const(Step.Return)),
        (5, Gen.Const(Step.Here)),
        (6, Gen.Const(Step.Gone)),
        (2, Gen.Const(Step.Left)),
        (2, Gen.Const(Step.Leave)),
        (4, Gen.Const(Step.Wait)),
        (2, Gen.Const(Step.Ask)),
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

    [Fact]
    public void What_is_stored_of_a_token_gives_nobody_the_seat_and_is_enough_to_know_it_by()
    {
        var table = new SeatTable(10);
        var token = table.Take("a", "", World.Start).Seat.Token;
        var stored = JsonSerializer.Serialize(table.ToRecords(isHandOver: false));
        Assert.DoesNotContain(token.Split('.')[1], stored, StringComparison.Ordinal);
        table = World.Again(table, isHandOver: false);
        var digest = Convert.ToBase64String(table.ToRecords(isHandOver: false).All[0].TokenDigests![0]);
        Assert.Contains(digest, stored, StringComparison.Ordinal);
        Assert.Null(table.OfToken("1." + digest));
        Assert.Null(table.OfToken(token[..^1]));
        Assert.Equal(token, table.OfToken(token)!.Token); // known again, once it was shown
    }

    [Fact]
    public void Who_asks_again_after_a_crash_gets_another_token_and_the_one_before_is_worth_as_much()
    {
        var table = new SeatTable(10);
        var first = table.Take("a", "", World.Start).Seat.Token;
        table = World.Again(table, isHandOver: false);
        var second = table.OfSocket("a")!.Token;
        Assert.NotEqual(first, second, StringComparer.Ordinal);
        Assert.Equal(second, table.OfSocket("a")!.Token);
        Assert.Same(table.OfToken(first), table.OfToken(second));
        Assert.Equal(second, World.Again(table, isHandOver: true).OfSocket("a")!.Token); // a move keeps it
        table = World.Again(table, isHandOver: false);
        var third = table.OfSocket("a")!.Token;
        Assert.NotNull(table.OfToken(second));
        Assert.NotNull(table.OfToken(third));
        Assert.Null(table.OfToken(first)); // two at most, so what is kept does not grow
    }

    [Fact]
    public void A_seat_that_an_older_version_has_kept_is_had_by_the_token_that_stands_there_and_is_kept_by_its_digest()
    {
        const string Kept = """
            {"Number":3,"Token":"3.abcdefghijklmnopqrstuv","Name":"ada","State":2,"SocketId":"a","Since":"1970-01-01T00:00:00+00:00",
            "GraceTime":"00:00:30","Due":"1970-01-01T00:00:30+00:00"}
            """;
        var record = JsonSerializer.Deserialize<SeatRecord>(Kept)!;
        var table = new SeatTable(10, new SeatRecords(3, 10, false, TimeSpan.Zero, TimeSpan.Zero, [record]));
        Assert.Equal(3, table.OfToken("3.abcdefghijklmnopqrstuv")!.Number);
        var again = World.Again(table, isHandOver: false);
        Assert.Equal(3, again.OfToken("3.abcdefghijklmnopqrstuv")!.Number);
        Assert.DoesNotContain("abcdefghij", JsonSerializer.Serialize(table.ToRecords(isHandOver: false)), StringComparison.Ordinal);
        Assert.Contains("abcdefghij", JsonSerializer.Serialize(table.ToRecords(isHandOver: true)), StringComparison.Ordinal);
    }

    /// <summary>
    /// A table, its last save, what the entity was told of each seat, and the token that its client has: a crash takes back all.
    /// </summary>
    private sealed partial class World
    {
        public static readonly DateTimeOffset Start = DateTimeOffset.UnixEpoch;

        private readonly Dictionary<long, string> _stories = [];
        private readonly Dictionary<long, string> _tokens = [];
        private (SeatTable Table, Dictionary<long, string> Stories, Dictionary<long, string> Tokens) _saved = (new SeatTable(5), [], []);
        private DateTimeOffset _now = Start;

        public SeatTable Table { get; private set; } = new(5);

        public void Take(Step step, int one, int other)
        {
            var (socket, seat) = ("socket " + one, Table.All.ElementAtOrDefault(other % Math.Max(1, Table.Count)));
            switch (step)
            {
                case Step.Take when Table.OfSocket(socket) is null && Table.Count < Table.Capacity:
                    var taken = Table.Take(socket, "", _now);
                    _tokens[taken.Seat.Number] = taken.Seat.Token;
                    Note(taken);
                    break;
                case Step.Reserve when Table.Count < Table.Capacity:
                    Table.ReservationTime = TimeSpan.FromSeconds(one);
                    var reserved = Table.Reserve("", _now);
                    _tokens[reserved.Number] = reserved.Token;
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
                case Step.Ask when seat is not null: _tokens[seat.Number] = seat.Token; break;
                case Step.Save: _saved = (Again(Table, isHandOver: false), new(_stories), new(_tokens)); break;
                case Step.Crash:
                    Table = Again(_saved.Table, isHandOver: false);
                    TakeBack(_stories, _saved.Stories);
                    TakeBack(_tokens, _saved.Tokens);
                    break;
                case Step.Move: Table = Again(Table, isHandOver: true); break;
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

        public static SeatTable Again(SeatTable table, bool isHandOver = true) =>
            new(table.Most, JsonSerializer.Deserialize<SeatRecords>(JsonSerializer.SerializeToUtf8Bytes(table.ToRecords(isHandOver)))!);

        private static void TakeBack(Dictionary<long, string> now, Dictionary<long, string> saved)
        {
            now.Clear();
            foreach (var (number, value) in saved)
                now[number] = value;
        }

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
                Assert.NotNull(Again(Table, isHandOver: false).OfToken(_tokens[seat.Number]));
            }
            Assert.Equal(Table.All.Min(static seat => seat.Due), Table.FirstDue);
            Assert.Equal(
                _stories.Where(static one => !one.Value.EndsWith("Left", StringComparison.Ordinal)).Select(static one => one.Key).Order(),
                Table.All.Where(static seat => seat.State != SeatState.Reserved).Select(static seat => seat.Number)
            );
        }

        [GeneratedRegex("^(Left|J(LR)*(L?Left|L)?)$", RegexOptions.ExplicitCapture, 1000)]
        private static partial Regex Story();
    }
}
