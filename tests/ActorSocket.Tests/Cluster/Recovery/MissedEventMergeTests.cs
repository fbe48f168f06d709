using ActorSocket.Emitting;
using ActorSocket.Clustering;
using ActorSocket.Delivery;
using ActorSocket.Protocol.SocketIo;
using ActorSocket.Protocol.Records;
using ActorSocket.Recovery;
using static ActorSocket.Clustering.ClusterProtocol;

namespace ActorSocket.Tests.Cluster.Recovery;

/// <summary>In which order a socket is told what several nodes have for it.</summary>
public sealed class MissedEventMergeTests
{
    private const string Home = "AAAAAA";

    private static readonly EncodedFrame Frame = EncodedFrame.Control("42[\"e\",\"offset\"]"u8);
    private static readonly RoomSelection Room = RoomSelection.Everyone.To(["room"]);

    /// <summary>
    /// Somebody speaks on one node, loses its connection, and speaks on by the other one, and back: what it says is told as it said it,
    /// whoever answers first.
    /// </summary>
    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void What_one_who_moved_has_said_on_several_nodes_is_told_in_the_order_in_which_it_was_said(bool answersTheOtherWayRound)
    {
        var time = new ManualTime();
        var logs = new[] { new RecoveryLog(new RecoveryOptions(), "BBBBBB", time), new RecoveryLog(new RecoveryOptions(), "CCCCCC", time) };
        var said = new List<(string, long)>();
        int[] speaks = [0, 0, 1, 1, 0, 1];
        foreach (var log in speaks.Select(on => logs[on]))
        {
            time.Seconds++;
            said.Add((log.NodeTag, log.NextNumber));
            log.Add(Frame, Room, []);
        }
        var merge = new MissedEventMerge(Home, RecoveryStart.New(0, null));
        Assert.True(merge.AddLog(new MissedEventsReply(0, true, [], Nothing, [])));
        var answers = logs.Select(Answer);
        Assert.True(merge.AddEmitted([.. answersTheOtherWayRound ? answers.Reverse() : answers]));
        Assert.Equal(said, merge.Events.Select(static one => (one.Emitter, one.Number)));

        MissedEventsReply Answer(RecoveryLog log)
        {
            Assert.True(log.TryGetEmitted(merge.Versions, Home, false, "id", ["id", "room"], out var emitted));
            var wire = new WireWriter();
            new MissedEventsReply(0, true, emitted, Nothing, []).Write(wire);
            var reader = new WireReader(wire.ToArray());
            return MissedEventsReply.Read(ref reader);
        }
    }

    private static IReadOnlyDictionary<string, long> Nothing => new Dictionary<string, long>(StringComparer.Ordinal);
}
