using System.Text.Json;

namespace ActorSocket;

/// <summary>Whether there was one before an entity that starts, and what became of its state.</summary>
public enum EntityOrigin
{
    /// <summary>There was none, or it has retired.</summary>
    New,

    /// <summary>It has moved here from another node, which handed its state over.</summary>
    HandedOver,

    /// <summary>
    /// There was one, and its state is lost: its node crashed, its <see cref="RoomEntity.HandOver"/> threw or took too long, or no node had
    /// room for what it handed over (<c>ActorSocketClusterOptions.MaxEntityStateBytes</c>).
    /// </summary>
    Lost,

    /// <summary>
    /// There was one, a <see cref="RoomEntity{TState}"/>, and its state is the last that it saved: it had retired, its node crashed, or all
    /// nodes were stopped. What it did after that was saved is lost.
    /// </summary>
    Restored,
}

/// <summary>How an entity starts.</summary>
public sealed class EntityStart
{
    private readonly JsonSerializerOptions _json;

    internal EntityStart(EntityOrigin origin, JsonElement? state, JsonSerializerOptions json)
    {
        Origin = origin;
        State = state;
        _json = json;
    }

    /// <summary>Whether there was one before.</summary>
    public EntityOrigin Origin { get; }

    /// <summary>What <see cref="RoomEntity.HandOver"/> of the one before gave, or what it saved; null for nothing.</summary>
    public JsonElement? State { get; }

    /// <summary>
    /// The state as what it was, read with the options that it was written with (<see cref="ActorSocketOptions.Json"/>). Default without
    /// one.
    /// </summary>
    /// <exception cref="JsonException">It is something else.</exception>
    public T? GetState<T>() => State is { } state ? state.Deserialize<T>(_json) : default;
}
