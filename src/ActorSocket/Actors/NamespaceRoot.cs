using System.Text.Json;
using ActorSocket.Diagnostics;
using ActorSocket.Protocol.SocketIo;
using ActorSocket.Sessions;
using ActorSocket.Sockets;
using Akka.Actor;
using static ActorSocket.Connections.ConnectionEvents;
using static ActorSocket.Sockets.NamespaceProtocol;

namespace ActorSocket.Actors;

/// <summary>
/// The parent of one server's namespaces and sessions. It alone creates namespaces, so that two clients that ask for one name at the
/// same time get one namespace.
/// </summary>
internal sealed class NamespaceRoot(ServerServices server) : UntypedActor
{
    // A namespace or the session supervisor does not fail by what a client or a handler does. If it does, going on with its state is better
    // than losing every socket below.
    private static readonly OneForOneStrategy Resume = new(static _ => Directive.Resume);

    private readonly Queue<NamespaceServices> _empty = new(); // each once; the oldest first; somebody may have joined it since
    private IActorRef _sessions = ActorRefs.Nobody;

    public static Props Props(ServerServices server) => Akka.Actor.Props.Create(() => new NamespaceRoot(server));

    protected override SupervisorStrategy SupervisorStrategy() => Resume;

    protected override void PreStart()
    {
        server.Adapter.Start(Context);
        _sessions = server.Engine.Placement.Start(Context, "sessions");
    }

    protected override void OnReceive(object message)
    {
        switch (message)
        {
            case SessionProtocol.Open: _sessions.Forward(message); break;
            case ConnectSocket m: OnConnectSocket(m); break;
            case Resolved m: OnResolved(m); break;
            case FellEmpty m: _empty.Enqueue(m.Namespace); break;
            default: Unhandled(message); break;
        }
    }

    private void OnConnectSocket(ConnectSocket m)
    {
        if (server.Namespaces.TryGet(m.Namespace, out var ns))
            LetIn(m, ns);
        else
            _ = ResolveAsync(m, server.Namespaces.Dynamic, server, Self);
    }

    private void LetIn(ConnectSocket request, NamespaceServices ns)
    {
        if (ns.Prepared is not { IsCompletedSuccessfully: true, Result: var isPrepared })
        {
            _ = ns.Prepared.ContinueWith(_ => request, TaskScheduler.Default).PipeTo(Self);
            return;
        }
        if (!isPrepared)
        {
            Refuse(request, "Internal server error");
            if (ns.Parent is null) // the next client may have more luck with one that was made for it
                return;
            server.Namespaces.Remove(ns);
            return;
        }
        if (ns.Actor.IsNobody())
            ns.Actor = Context.ActorOf(NamespaceActor.Props(ns));
        ns.Actor.Tell(request);
    }

    private static async Task ResolveAsync(ConnectSocket request, DynamicNamespace[] candidates, ServerServices server, IActorRef self)
    {
        NamespaceServices? parent = null;
        try
        {
            var auth = JsonElement.Parse(request.Auth.IsEmpty ? "{}"u8 : request.Auth.Span);
            foreach (var candidate in candidates)
            {
                if (!await candidate.Predicate(request.Namespace, auth, CancellationToken.None).ConfigureAwait(false))
                    continue;
                parent = candidate.Parent;
                break;
            }
        }
        catch (Exception error)
        {
            server.Log.MiddlewareFailed(error, "dynamic namespaces");
        }
        self.Tell(new Resolved(request, parent));
    }

    private void OnResolved(Resolved m)
    {
        var request = m.Request;
        // Another client may have created it while this one's predicate ran.
        if (!server.Namespaces.TryGet(request.Namespace, out var ns))
        {
            if (m.Parent is null)
            {
                Refuse(request, "Invalid namespace");
                return;
            }
            if (server.Namespaces.MadeForClients >= server.Options.MaxDynamicNamespaces)
            {
                // Who uses up all names must not have them for good: one that nobody is in gives way. Each is asked once, so a flood of
                // names costs no search.
                if (_empty.TryDequeue(out var oldest))
                    oldest.Actor.Tell(new MakeRoom(m));
                else
                    Refuse(request, "Too many namespaces");
                return;
            }
            ns = server.Namespaces.GetOrAdd(request.Namespace, server, m.Parent, isForClient: true);
        }
        LetIn(request, ns);
    }

    private void Refuse(ConnectSocket request, string text)
    {
        if (request.Connection.Refused(request.Attempt))
            request.Connection.Outbound.Append(new EncodedFrame(server.Packets.ConnectError(request.Namespace, text, null)));
    }
}
