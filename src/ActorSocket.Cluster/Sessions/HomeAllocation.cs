using System.Collections.Immutable;
using ActorSocket.Sessions;
using Akka.Actor;
using Akka.Cluster.Sharding;

namespace ActorSocket.Clustering;

/// <summary>
/// A shard lives on the node whose tag it bears, and is never moved. One that nobody bears goes to whoever asked: its sessions are gone,
/// which it will find out.
/// </summary>
internal sealed class HomeAllocation(string ownTag, PeerTable peers) : IShardAllocationStrategy
{
    private static readonly Task<IImmutableSet<string>> Nothing = Task.FromResult<IImmutableSet<string>>(ImmutableHashSet<string>.Empty);

    public Task<IActorRef> AllocateShard(
        IActorRef requester,
        string shardId,
        IImmutableDictionary<IActorRef, IImmutableList<string>> currentShardAllocations
    )
    {
        var tag = shardId[..Math.Min(IdGenerator.TagLength, shardId.Length)];
        // A region's address has no host on its own node.
        var home =
            tag == ownTag ? currentShardAllocations.Keys.FirstOrDefault(static region => region.Path.Address.HasLocalScope)
            : peers.TryGet(tag, out var peer)
                ? currentShardAllocations.Keys.FirstOrDefault(region => region.Path.Address.Equals(peer.Address))
            : null;
        return Task.FromResult(home ?? requester);
    }

    public Task<IImmutableSet<string>> Rebalance(
        IImmutableDictionary<IActorRef, IImmutableList<string>> currentShardAllocations,
        IImmutableSet<string> rebalanceInProgress
    ) => Nothing;
}
