using System.Buffers;
using Akka.Actor;

namespace ActorSocket.Sessions;

/// <summary>All sessions live here, below a <see cref="SessionSupervisor"/>.</summary>
internal sealed class SingleNode(EngineServer server) : ISessionPlacement
{
    public bool IsReady => true;

    public string NewSid(string? own) => own ?? server.Ids.Next();

    public IActorRef Start(IActorRefFactory parent, string name) => parent.ActorOf(SessionSupervisor.Props(server), name);

    public bool MayStop(IActorContext session) => true;

    public bool TryServe(EngineConnection? connection, object message, IActorRef sender) => false;

    public ValueTask BeforeTakingAsync(EngineConnection connection, ReadOnlySequence<byte> body) => default;
}
