using Akka.Actor;

namespace ActorSocket.Sessions;

/// <summary>The parent of every session of a <see cref="SingleNode"/>.</summary>
internal sealed class SessionSupervisor(EngineServer server) : UntypedActor
{
    // Stop, never restart: a session's transport and sockets belong to the one that died. It ends what it left in PostStop; its siblings
    // notice nothing.
    private static readonly OneForOneStrategy StopTheSession = new(static _ => Directive.Stop);

    private Props? _session; // the same for all: a connection's own would take 160 bytes

    public static Props Props(EngineServer server) => Akka.Actor.Props.Create(() => new SessionSupervisor(server));

    protected override SupervisorStrategy SupervisorStrategy() => StopTheSession;

    protected override void OnReceive(object message)
    {
        if (message is SessionProtocol.Open)
            Context.ActorOf(_session ??= LeanMailbox.With(Context.System, EngineSession.Props(server))).Forward(message);
        else
            Unhandled(message);
    }
}
