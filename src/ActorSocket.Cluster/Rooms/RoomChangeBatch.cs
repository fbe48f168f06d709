using ActorSocket.Sessions;
using static ActorSocket.Clustering.ClusterProtocol;

namespace ActorSocket.Clustering;

/// <summary>
/// What has changed of this node's rooms since the batch before, for every peer's actor to tell its node. Number 0 is everything that there
/// is, for a node that was just met.
/// </summary>
internal sealed record RoomChangeBatch(long Number, IReadOnlyList<RoomChange> Changes) : ILocalMessage;
