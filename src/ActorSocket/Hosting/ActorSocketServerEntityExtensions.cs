namespace ActorSocket;

/// <summary>Maps classes of entities on a server, for its namespace <c>/</c>.</summary>
public static class ActorSocketServerEntityExtensions
{
    /// <inheritdoc cref="RoomEntityExtensions.MapEntities{TEntity}(Namespace, string, Action{EntityOptions})"/>
    public static RoomEntities<TEntity> MapEntities<TEntity>(this ActorSocketServer server, string type, Action<EntityOptions>? configure = null)
        where TEntity : RoomEntity
    {
        ArgumentNullException.ThrowIfNull(server);
        return server.Main.MapEntities<TEntity>(type, configure);
    }
}
