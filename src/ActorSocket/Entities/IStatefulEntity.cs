using System.Text.Json;

namespace ActorSocket.Entities;

/// <summary>What an entity's actor does with its state, whatever that is.</summary>
internal interface IStatefulEntity
{
    int StateVersion { get; }

    /// <summary>Takes what was kept, or starts with a new one for null.</summary>
    void Load(KeptState? kept, JsonSerializerOptions json);

    /// <summary>As JSON.</summary>
    byte[] Write(JsonSerializerOptions json);
}
