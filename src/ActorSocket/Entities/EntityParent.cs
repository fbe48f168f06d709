using ActorSocket.Sessions;
using Akka.Actor;

namespace ActorSocket.Entities;

/// <summary>The parent of a kind's entities where there is no cluster: what a shard is to them elsewhere.</summary>
internal sealed class EntityParent(EntityKind kind) : UntypedActor
{
    private const int MaxBuffered = 1024;
    private const string Stopping = "The server is shutting down.";

    // As a shard would: an entity that fails starts anew, with its next call.
    private static readonly OneForOneStrategy StopTheEntity = new(static _ => Directive.Stop);

    private readonly Dictionary<string, Child> _byId = new(StringComparer.Ordinal);
    private readonly Dictionary<IActorRef, Child> _byActor = [];
    private IActorRef? _stopper;

    /// <summary>Told by an entity that ends: what comes from now on is for the one after it.</summary>
    internal sealed record Passivate(object Stop) : ILocalMessage;

    /// <summary>The node stops: answered with itself once no entity is left.</summary>
    internal sealed class StopAll : ILocalMessage { public static readonly StopAll Instance = new(); }

    public static Props Props(EntityKind kind) => Akka.Actor.Props.Create(() => new EntityParent(kind));

    protected override SupervisorStrategy SupervisorStrategy() => StopTheEntity;

    protected override void OnReceive(object message)
    {
        switch (message)
        {
            case EntityCall m: OnCall(m); break;
            case Passivate m: OnPassivate(m); break;
            case Terminated m: OnTerminated(m.ActorRef); break;
            case StopAll: OnStopAll(); break;
            default: Unhandled(message); break;
        }
    }

    private void OnCall(EntityCall call)
    {
        if (_stopper is not null)
        {
            Fail(call, Sender);
            return;
        }
        if (!_byId.TryGetValue(call.Id, out var child))
            child = Start(call.Id);
        if (child.Waiting is null)
            child.Actor.Forward(call);
        else if (child.Waiting.Count < MaxBuffered)
            child.Waiting.Enqueue((call, Sender));
        else
            EntityActor.Fail(
                kind,
                call,
                Sender,
                $"The entity is asked too much: {MaxBuffered} calls wait for it to start again.",
                "too many are waiting for it to start again"
            );
    }

    private void Fail(EntityCall call, IActorRef sender) => EntityActor.Fail(kind, call, sender, Stopping, "the server stops");

    private Child Start(string id)
    {
        var child = new Child(id, Context.ActorOf(EntityActor.Props(kind, id)));
        Context.Watch(child.Actor);
        _byId.Add(id, child);
        _byActor.Add(child.Actor, child);
        return child;
    }

    private void OnPassivate(Passivate m)
    {
        if (!_byActor.TryGetValue(Sender, out var child))
            return;
        child.Waiting ??= new Queue<(EntityCall, IActorRef)>();
        Sender.Tell(m.Stop);
    }

    private void OnTerminated(IActorRef actor)
    {
        if (!_byActor.Remove(actor, out var child))
            return;
        _byId.Remove(child.Id);
        if (_stopper is not null)
        {
            foreach (var (call, sender) in child.Waiting ?? [])
                Fail(call, sender);
            AnswerStopper();
            return;
        }
        if (child.Waiting is not { Count: > 0 })
            return;
        var next = Start(child.Id);
        foreach (var (call, sender) in child.Waiting)
            next.Actor.Tell(call, sender);
    }

    private void OnStopAll()
    {
        _stopper = Sender;
        foreach (var child in _byActor.Keys)
            child.Tell(EntityMoves.Instance);
        AnswerStopper();
    }

    private void AnswerStopper()
    {
        if (_byActor.Count == 0)
            _stopper!.Tell(StopAll.Instance);
    }

    /// <summary>An entity; what waits for its successor, once it ends.</summary>
    private sealed record Child(string Id, IActorRef Actor)
    {
        public Queue<(EntityCall Call, IActorRef Sender)>? Waiting { get; set; }
    }
}
