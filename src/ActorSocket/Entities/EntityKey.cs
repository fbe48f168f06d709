using ActorSocket.Protocol.Records;

namespace ActorSocket.Entities;

/// <summary>An entity: its class and its id.</summary>
internal readonly record struct EntityKey(string Type, string Id)
{
    public static void Write(WireWriter wire, EntityKey key) => wire.Text(key.Type).Text(key.Id);

    public static EntityKey Read(ref WireReader wire) => new(wire.Text(), wire.Text());
}
