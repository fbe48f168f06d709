using System.Diagnostics.Metrics;
using ActorSocket.Diagnostics;

namespace ActorSocket.Clustering;

/// <summary>
/// What the meter "ActorSocket" counts of the cluster, beside <see cref="ActorSocketMetrics"/>: likewise without anything that a client
/// names.
/// </summary>
internal sealed class ClusterMetrics
{
    private readonly Counter<long> _forwarded;
    private readonly Counter<long> _lost;
    private readonly Counter<long> _ignored;
    private readonly Counter<long> _lostMessages;
    private readonly Counter<long> _forwardedRequests;
    private readonly Counter<long> _statesRefused;
    private readonly Counter<long> _statesLost;

    public ClusterMetrics(IMeterFactory meters)
    {
        var meter = meters.Create(ActorSocketMetrics.MeterName);
        _forwarded = meter.CreateCounter<long>(
            "actorsocket.cluster.forwarded_broadcasts",
            "{message}",
            "Broadcasts sent to other nodes: one for each node that is interested."
        );
        _lost = meter.CreateCounter<long>(
            "actorsocket.cluster.lost_broadcasts",
            "{message}",
            "Broadcasts that another node sent and this one did not get, since the connection between them broke."
        );
        _ignored = meter.CreateCounter<long>(
            "actorsocket.cluster.ignored_messages",
            "{message}",
            "Messages of other nodes that this version does not know."
        );
        _lostMessages = meter.CreateCounter<long>(
            "actorsocket.cluster.lost_messages",
            "{message}",
            "Long messages of other nodes of which a part was lost, or for which there was no room: who waits for one is told."
        );
        _forwardedRequests = meter.CreateCounter<long>(
            "actorsocket.cluster.forwarded_requests",
            "{request}",
            "Requests that came to this node for a session of another one, by kind."
        );
        _statesRefused = meter.CreateCounter<long>(
            "actorsocket.cluster.refused_entity_states",
            "{entity}",
            "States of entities that this node had no room to keep (MaxEntityStateBytes), by class: another one was asked."
        );
        _statesLost = meter.CreateCounter<long>(
            "actorsocket.cluster.lost_entity_states",
            "{entity}",
            "States of entities that no node had room for when this one left, by class."
        );
    }

    public void RequestForwarded(string kind) => _forwardedRequests.Add(1, new KeyValuePair<string, object?>("actorsocket.kind", kind));

    public void EntityStateRefused(string type) => _statesRefused.Add(1, new KeyValuePair<string, object?>("actorsocket.entity", type));

    public void EntityStateLost(string type) => _statesLost.Add(1, new KeyValuePair<string, object?>("actorsocket.entity", type));

    public void BroadcastsForwarded(int nodes) => _forwarded.Add(nodes);

    public void BroadcastsLost(long messages) => _lost.Add(messages);

    public void MessageIgnored() => _ignored.Add(1);

    public void MessageLost() => _lostMessages.Add(1);
}
