using Akka.Actor;

namespace ActorSocket.Entities;

/// <summary>What takes the calls of one class: started with the server, or by the first call. What fails is tried again.</summary>
internal sealed class EntityRegion(EntityServices entities, EntityKind kind)
{
    private readonly Lock _gate = new();
    private IActorRef? _started;

    /// <exception cref="InvalidOperationException">The application has not started yet.</exception>
    public IActorRef Started => Volatile.Read(ref _started) ?? Start();

    private IActorRef Start()
    {
        lock (_gate)
        {
            if (_started is null)
                Volatile.Write(ref _started, entities.Start(kind));
            return _started!;
        }
    }
}
