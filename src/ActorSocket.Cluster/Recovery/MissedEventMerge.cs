using System.Collections.Immutable;
using System.Diagnostics.CodeAnalysis;
using ActorSocket.Recovery;
using static ActorSocket.Clustering.ClusterProtocol;

namespace ActorSocket.Clustering;

/// <summary>
/// What a socket has missed before it came to this node, put together from what several nodes have: each event once, and those of one node
/// in its order; those of several by their age. What a node emitted arrives at each other one in order, but at one sooner than at another:
/// an event may have been told of here by others, and come afterwards.
/// </summary>
/// <param name="home">The node whose log the socket was lost in.</param>
/// <param name="start">Where it began there.</param>
internal sealed class MissedEventMerge(string home, in RecoveryStart start)
{
    private readonly Dictionary<string, long> _versions = new(
        start.Versions ?? ImmutableDictionary<string, long>.Empty,
        StringComparer.Ordinal
    );
    private HashSet<long>? _ofHome; // which of its events others had got, once it is gone

    /// <summary>In the order in which they are to be told.</summary>
    public List<LoggedEvent> Events { get; } = [];

    /// <summary>Of each node the number up to which its events are among these, or were seen before, or are lost with it.</summary>
    public IReadOnlyDictionary<string, long> Versions => _versions;

    /// <summary>What the home, or its replica, has.</summary>
    public bool AddLog(MissedEventsReply log)
    {
        Events.AddRange(log.Events);
        Advance(log.Versions);
        return log.IsComplete;
    }

    /// <summary>The home is gone: what the others have emitted themselves since, and what each has got of the home's last ones.</summary>
    public bool AddEmitted(IReadOnlyList<MissedEventsReply> answers)
    {
        var replicated = _versions.GetValueOrDefault(home);
        var last = replicated;
        _ofHome = [];
        var found = new List<(LoggedEvent Event, long Before)>();
        foreach (var answer in answers)
        {
            if (!answer.IsComplete)
                return false;
            // What was emitted after an event of the home's may be an answer to it, even if it came by a node that has not got that: so, as
            // late as its node's order allows.
            var before = long.MaxValue;
            var ordered = new List<(LoggedEvent Event, long Before)>();
            for (var i = answer.Events.Count - 1; i >= 0; i--)
            {
                var logged = answer.Events[i];
                if (logged.Emitter != home)
                {
                    ordered.Add((logged, before));
                    continue;
                }
                before = logged.Number;
                last = Math.Max(last, before);
                if (before > replicated && _ofHome.Add(before))
                    ordered.Add((logged, before));
            }
            ordered.Reverse();
            found.AddRange(ordered);
            Advance(answer.Versions);
        }
        // Who speaks by one node, and then by another one, is told in that order: by their age.
        Events.AddRange(
            found
                .OrderBy(static one => one.Before)
                .ThenBy(one => one.Event.Emitter == home)
                .ThenBy(static one => one.Event.At)
                .Select(static one => one.Event)
        );
        _versions[home] = last;
        return true;
    }

    /// <summary>
    /// What has come to this node since the socket was in its rooms here, less what is told already, and of what came to every node by
    /// itself, all that is given; false when one of those comes too late to be in order.
    /// </summary>
    public bool TryGoOn(IReadOnlyList<LoggedEvent> logged, [NotNullWhen(true)] out List<LoggedEvent>? here)
    {
        here = [];
        foreach (var one in logged)
        {
            // Whether that was told is not said by its number here.
            if (one.Origin != 0 || one.Number > _versions.GetValueOrDefault(one.Emitter))
            {
                here.Add(one);
            }
            else if (_ofHome is not null && one.Emitter == home && !_ofHome.Contains(one.Number))
            {
                here = null;
                return false;
            }
        }
        return true;
    }

    /// <summary>
    /// Where the socket begins in this node's log: it has been told of everything up to now. Its client will say the offset of the last
    /// that it was told, and had it from elsewhere or not at all: from there on the log would tell some of it again. Call under the log's
    /// gate.
    /// </summary>
    public RecoveryStart StartIn(RecoveryLog log, long joinedAt, List<LoggedEvent> here, in RecoveryClaim claim)
    {
        var (tag, offset) = (claim.OffsetTag, claim.Offset);
        if (here.Count > 0)
            (tag, offset) = (log.NodeTag, log.PositionOf(here[^1]));
        else if (Events.Count > 0) // it may have been here before, and nothing logged since: then nobody can say whether it has been told
            (tag, offset) = tag == log.NodeTag && offset == joinedAt ? ("", 0) : (log.NodeTag, joinedAt);
        return new RecoveryStart(tag, offset, log.Last) { Versions = _versions };
    }

    private void Advance(IReadOnlyDictionary<string, long> versions)
    {
        foreach (var (emitter, number) in versions)
            _versions[emitter] = Math.Max(number, _versions.GetValueOrDefault(emitter));
    }
}
