using ActorSocket.Entities;


namespace ActorSocket.Clustering;

/// <summary>What an <see cref="EntityLedger"/> needs of its surroundings.</summary>
internal interface IEntityNetwork
{
    /// <summary>Sends to another node; may be lost.</summary>
    void Tell(string tag, IClusterMessage message);

    /// <summary>Sends a <see cref="ClusterProtocol.WakeEntity"/> by the shard region; may be lost.</summary>
    void Wake(EntityKey key);

    /// <summary>This node refused a state, since it keeps too many bytes already.</summary>
    void Refused(string type, int bytes);

    /// <summary>A state is lost: this node leaves and no other one has room for it.</summary>
    void Lost(string type, int bytes);
}
