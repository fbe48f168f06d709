using ActorSocket.Diagnostics;
using ActorSocket.Protocol.SocketIo;
using ActorSocket.Rooms;
using ActorSocket.Sockets;
using Akka.Actor;
using static ActorSocket.Clustering.ClusterProtocol;

namespace ActorSocket.Clustering;

/// <summary>What other nodes' broadcasts and questions do to the sockets of this one, and to its handlers of servers' events.</summary>
internal sealed class LocalSockets(ServerServices server)
{
    private const int FewSockets = 100;
    private const int NamesAtOnce = 1000; // of some 30 bytes each: no message in fragments

    public void OnBroadcast(Peer peer, Broadcast m)
    {
        if (!server.Namespaces.TryGet(m.Target.Namespace, out var ns))
            return;
        using var activity = ActorSocketActivity.StartDeliver(ns.MetricsName, m.Trace);
        ns.Deliver(m.Target.Selection, m.Frame, m.IsVolatile, peer.Tag, m.Number);
    }

    public void OnAskClients(Peer peer, AskClients m)
    {
        List<Socket> recipients = [];
        SocketIoPacket? packet = null;
        if (server.Namespaces.TryGet(m.Target.Namespace, out var ns) && (packet = server.Read(m.Frame)) is not null)
        {
            server.EmitObserver?.OnEmit(ns.Name, m.Target.Selection, m.Frame, isFromHere: false);
            recipients = ns.Select(m.Target.Selection);
        }
        peer.Tell(Packed.Of(new ClientsAskedReply(m.Request, recipients.Count)));
        if (recipients.Count == 0)
            return;
        using var activity = ActorSocketActivity.StartDeliver(ns!.MetricsName, m.Trace);
        foreach (var some in recipients.Chunk(NamesAtOnce))
            peer.Tell(Packed.Of(new ClientsNamedReply(m.Request, Array.ConvertAll(some, static socket => socket.Id))));
        var id = ns!.NextAckId();
        var frame = new EncodedFrame(
            server.Packets.Event(ns.Name, packet!.EventName!, id, new EventArguments<SocketArguments>(packet.Arguments)),
            m.Frame.Compress
        );
        var answers = new ForwardedAcks(peer, m.Request, id, recipients);
        foreach (var socket in recipients)
        {
            socket.Actor.Tell(new SocketProtocol.AckAsked(id, answers));
            socket.Send(frame, m.IsVolatile);
        }
        answers.ForgetAfter(m.Timeout, server.Time);
    }

    public void OnFetchSockets(Peer peer, FetchSockets m)
    {
        if (!server.Namespaces.TryGet(m.Target.Namespace, out var ns))
        {
            peer.Tell(Packed.Of(new FetchSocketsReply(m.Request, [])));
            return;
        }
        var found = ns.Select(m.Target.Selection);
        if (found.Count <= FewSockets)
            Answer();
        else
            // the peer's broadcasts must not wait behind it
            ThreadPool.UnsafeQueueUserWorkItem(static answer => answer(), Answer, preferLocal: false);

        void Answer() =>
            peer.Tell(
                Packed.Of(new FetchSocketsReply(m.Request, [.. found.Select(socket => SocketDetails.Of(socket).ToBytes(server.Json))]))
            );
    }

    public void OnCountSockets(Peer peer, CountSockets m)
    {
        var count = server.Namespaces.TryGet(m.Target.Namespace, out var ns) ? ns.Count(m.Target.Selection) : 0;
        peer.Tell(Packed.Of(new CountSocketsReply(m.Request, count)));
    }

    public void OnListRooms(Peer peer, ListRooms m)
    {
        if (!server.Namespaces.TryGet(m.Namespace, out var ns))
        {
            peer.Tell(Packed.Of(new ListRoomsReply(m.Request, [])));
            return;
        }
        // the peer's broadcasts must not wait behind it
        ThreadPool.UnsafeQueueUserWorkItem(
            static work =>
            {
                var (peer, ns, m) = work;
                var limit = Math.Clamp(m.Limit, 1, NamePage.MaxLimit);
                peer.Tell(Packed.Of(new ListRoomsReply(m.Request, [.. ns.ListRooms(m.Prefix, m.IsFirst ? null : m.After, limit)])));
            },
            (peer, ns, m),
            preferLocal: false
        );
    }

    public async Task OnChangeSocketsAsync(Peer peer, ChangeSockets m)
    {
        var failed = FailedSockets.None;
        if (server.Namespaces.TryGet(m.Target.Namespace, out var ns))
        {
            try
            {
                failed = await ns.ChangeAsync(m.Target.Selection, m.Change, m.Rooms).ConfigureAwait(false);
            }
            catch (Exception error) // whoever asked does not wait for the rest in vain
            {
                server.Log.HandlerFailed(error, ns.MetricsName);
                failed = new FailedSockets(0, [], $"Its log tells of a {error.GetType().Name}.");
            }
        }
        peer.Tell(Packed.Of(new ChangeSocketsReply(m.Request, failed)));
    }

    public async Task OnServerSideEventAsync(Peer peer, ServerSideEvent m)
    {
        var isHere = server.Namespaces.TryGet(m.Namespace, out var ns);
        var answer = isHere ? await ns!.ServerEvents.RaiseAsync(m.EventName, m.Arguments, m.Trace).ConfigureAwait(false) : null;
        if (m.Request != 0)
            peer.Tell(Packed.Of(new ServerSideEventReply(m.Request, answer is not null, answer ?? [], !isHere)));
    }

    /// <summary>Sends the answers of this node's clients to the node that asked.</summary>
    private sealed class ForwardedAcks(Peer peer, long request, long id, List<Socket> recipients) : IAckSink
    {
        private ITimer? _overdue;
        private int _due = recipients.Count;

        public void Answered(Socket from, SocketArguments arguments)
        {
            peer.Tell(Packed.Of(new ClientAnswerReply(request, EncodedArguments.Of(arguments), from.Id)));
            Settled();
        }

        // As on the asking node: nobody answers for a socket that is gone or silent; the time limit decides.
        public void Failed(Socket from, Exception error)
        {
            if (error is SocketDisconnectedException)
                peer.Tell(Packed.Of(new ClientLeftReply(request, from.Id)));
            Settled();
        }

        /// <summary>The asking node keeps the time limit; here it ends what nobody waits for any more.</summary>
        public void ForgetAfter(TimeSpan timeout, TimeProvider time)
        {
            _overdue = time.CreateTimer(
                static state => ((ForwardedAcks)state!).Forget(),
                this,
                Timeout.InfiniteTimeSpan,
                Timeout.InfiniteTimeSpan
            );
            if (Volatile.Read(ref _due) <= 0 || !_overdue.Change(timeout, Timeout.InfiniteTimeSpan))
                _overdue.Dispose();
        }

        private void Forget()
        {
            foreach (var socket in recipients)
                socket.Actor.Tell(new SocketProtocol.AckForgotten(id));
            _overdue!.Dispose();
        }

        private void Settled()
        {
            if (Interlocked.Decrement(ref _due) <= 0)
                _overdue?.Dispose();
        }
    }
}
