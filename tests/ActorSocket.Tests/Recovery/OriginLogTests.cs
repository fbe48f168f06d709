using ActorSocket.Emitting;
using ActorSocket.Protocol.SocketIo;
using ActorSocket.Recovery;
using CsCheck;

namespace ActorSocket.Tests.Recovery;

/// <summary>Two nodes hear the same from outside, one of them a little later: what the other one lacks is told exactly.</summary>
public sealed class OriginLogTests
{
    private static readonly EncodedFrame Event = EncodedFrame.Of([.. "42[\"tick\",\"x\"]"u8], [], compress: false);

    [Fact]
    public void What_one_node_has_heard_and_the_other_not_yet_is_found() =>
        Gen.Select(Gen.Int[0, 5].Array[1, 60], Gen.Int[0, 60], Gen.Int[0, 60]).Sample((texts, one, other) =>
        {
            // Each text may come again: a number before it tells where it is.
            var all = texts.SelectMany(static (text, i) => (long[])[((i + 1) << 10) | 1, (text << 2) | 1]).ToArray();
            var (heardHere, heardThere) = (Math.Min(one, all.Length), Math.Min(other, all.Length));
            var (here, there) = (Heard(all, heardHere), Heard(all, heardThere));
            var difference = here.Beyond(OriginLog.Read(there.ToBytes()));
            var lacks = Enumerable.Range(1, heardHere).Where(position => difference.Lacks(all[position - 1], position, 0)).ToArray();
            if (heardThere == 0)
                Assert.Equal(heardHere, lacks.Length); // nobody can say: all since a moment that the caller names
            else if (heardHere > 0)
                Assert.Equal(
                    (Math.Max(0, heardHere - heardThere), Math.Max(0, heardThere - heardHere)), (lacks.Length, difference.Ahead.Count));
            Assert.Equal(all.Skip(heardHere).Take(difference.Ahead.Count), difference.Ahead);
        });

    [Fact]
    public void Each_way_has_an_order_of_its_own()
    {
        var (here, there) = (new OriginLog(), new OriginLog());
        foreach (var (log, origins) in (IEnumerable<(OriginLog, long[])>)[(here, [5, 6, 9, 13, 10]), (there, [6, 10, 5, 14])])
        {
            for (var i = 0; i < origins.Length; i++)
                log.Add(origins[i], i + 1);
        }
        var difference = here.Beyond(OriginLog.Read(there.ToBytes()));
        Assert.Equal([9L, 13L], new long[] { 5, 6, 9, 13, 10 }.Where((origin, i) => difference.Lacks(origin, i + 1, 0)));
        Assert.Equal([14L], difference.Ahead);
        Assert.Equal(2, difference.From(100));
    }

    [Fact]
    public void A_replica_that_begins_late_knows_what_came_before_the_events_that_are_kept()
    {
        var time = new ManualTime();
        var options = new RecoveryOptions { MaxDisconnectionDuration = TimeSpan.FromSeconds(10) };
        var (home, replica, elsewhere) = (
            new RecoveryLog(options, "home00", time), new RecoveryLog(options, "home00", time), new RecoveryLog(options, "other0", time));
        foreach (var log in (RecoveryLog[])[home, elsewhere])
        {
            for (var i = 1; i <= 3; i++)
                log.Add(Event, RoomSelection.Everyone, null, origin: (i << 2) | 1);
        }
        time.Seconds += 60;
        home.Sweep();
        home.Add(Event, RoomSelection.Everyone, null, origin: (4 << 2) | 1);
        Assert.True(replica.Apply(home.TakeChanges(-1, [], 100)!));
        elsewhere.Add(Event, RoomSelection.Everyone, null, origin: (4 << 2) | 1);
        elsewhere.Add(Event, RoomSelection.Everyone, null, origin: (5 << 2) | 1); // while the client was away
        Assert.Equal(home.OriginsOf("any"), replica.OriginsOf("any"));
        var difference = elsewhere.Beyond(OriginLog.Read(replica.OriginsOf("any")));
        Assert.Equal([5], Enumerable.Range(1, 5).Where(i => difference.Lacks((i << 2) | 1, i, otherwise: 100)));
    }

    [Fact]
    public void What_a_socket_has_had_before_it_came_goes_on_with_it()
    {
        var log = new RecoveryLog(new RecoveryOptions(), "ABCDEF", new ManualTime());
        log.Add(Event, RoomSelection.Everyone, null, origin: 5);
        log.ToldOf("ada", [9, 13]);
        Assert.Equal([5L, 9L, 13L], OriginLog.Read(log.OriginsOf("ada")));
        Assert.Equal([5L], OriginLog.Read(log.OriginsOf("eve")));
        log.Add(Event, log.UntoldOf(9, RoomSelection.Everyone), null, origin: 9);
        Assert.Equal([5L, 9L, 13L], OriginLog.Read(log.OriginsOf("ada")));
    }

    [Fact]
    public void Only_the_last_ones_are_kept()
    {
        var log = new OriginLog();
        for (var i = 0; i < OriginLog.Most + 5; i++)
            log.Add((i << 2) | 1, i);
        Assert.Equal(OriginLog.Most * sizeof(long), log.ToBytes().Length);
    }

    private static OriginLog Heard(long[] all, int count)
    {
        var log = new OriginLog();
        for (var i = 0; i < count; i++)
            log.Add(all[i], i + 1);
        return log;
    }
}
