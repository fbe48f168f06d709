using Akka.Actor;
using ActorSocket.Hosting;
using static ActorSocket.Sessions.SessionProtocol;

namespace ActorSocket.Sessions;

/// <summary>The parent of every session on this node.</summary>
internal sealed class SessionSupervisor(ServerServices server) : UntypedActor
{
    // Stop, never restart: a session's transport and sockets belong to the one that died. OnTerminated ends what it left; its siblings notice nothing.
    private static readonly OneForOneStrategy StopTheSession = new(static _ => Directive.Stop);

    private readonly Dictionary<IActorRef, EngineConnection> _connections = [];

    public static Props Props(ServerServices server) => Akka.Actor.Props.Create(() => new SessionSupervisor(server));

    protected override SupervisorStrategy SupervisorStrategy() => StopTheSession;

    protected override void OnReceive(object message)
    {
        switch (message)
        {
            case Open m: OnOpen(m); break;
            case Terminated m: OnTerminated(m); break;
            case CloseAll m: OnCloseAll(m); break;
            default: Unhandled(message); break;
        }
    }

    private void OnOpen(Open m)
    {
        var session = Context.ActorOf(LeanMailbox.With(Context.System, EngineSession.Props(server, m.Connection, m.Transport)));
        Context.Watch(session);
        _connections[session] = m.Connection;
        m.Connection.Session = session;
        m.Connection.CurrentTransport = m.Transport;
        server.Metrics.SessionOpened();
        m.Opened.TrySetResult();
    }

    private void OnTerminated(Terminated m)
    {
        if (!_connections.Remove(m.ActorRef, out var connection))
            return;
        connection.Forget();
        server.Metrics.SessionClosed(connection.TransportName, connection.ClosedBecause ?? DisconnectReason.TransportError);
        if (connection.ClosedBecause is not null)
            return;
        // It crashed: nobody told its client. Its sockets watch it.
        connection.ClosedBecause = DisconnectReason.TransportError;
        connection.Outbound.Abort();
        connection.CurrentTransport?.Close();
    }

    private void OnCloseAll(CloseAll m)
    {
        foreach (var session in _connections.Keys)
            session.Tell(new Close(m.Reason));
    }
}
