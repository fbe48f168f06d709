namespace ActorSocket.Entities;

/// <summary>What an entity knows of its surroundings.</summary>
internal sealed record EntityContext(string Id, Namespace Namespace)
{
    public bool IsRetired { get; private set; }

    public void Retire() => IsRetired = true;
}
