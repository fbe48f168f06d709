using ActorSocket.Entities;

namespace ActorSocket.Clustering;

/// <summary>What <see cref="SocketWatches"/> need of their surroundings.</summary>
internal interface ISocketWatchNetwork
{
    /// <summary>Sends to a node, which may be this one; to another one it may be lost. Never received before this returns.</summary>
    void Tell(string tag, IClusterMessage message);

    /// <summary>From now on this node's sockets of this id are told of: asked before <see cref="IsHere"/>.</summary>
    void Follow(string socketId);

    void Unfollow(string socketId);

    /// <summary>Whether this node has the socket.</summary>
    bool IsHere(string ns, string socketId);

    /// <summary>For the entities that watch it.</summary>
    void Report(string socketId, SocketPresence presence);
}
