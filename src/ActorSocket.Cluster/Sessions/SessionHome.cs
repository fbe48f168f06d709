using System.Buffers;
using System.Collections.Concurrent;
using ActorSocket.Delivery;
using ActorSocket.Protocol.EngineIo;
using ActorSocket.Protocol.SocketIo;
using ActorSocket.Sessions;
using ActorSocket.Sockets;
using ActorSocket.Transports;
using Akka.Actor;
using Microsoft.AspNetCore.Http;
using static ActorSocket.Clustering.ClusterProtocol;

namespace ActorSocket.Clustering;

/// <summary>
/// Serves, on the node where a session lives, the requests of its client that came to another node: with the same checks and the same parts
/// as the requests that come here. Answers go to the <see cref="SessionGateway"/> of the other node.
/// </summary>
/// <remarks>Any thread. Called by the session's actor, which is where the shard region takes a request.</remarks>
internal sealed class SessionHome(ServerServices server, ClusterMetrics metrics, PeerTable peers)
{
    // Requests are numbered by each process: another one at the same address counts from 1 again. An actor is of one process, and so is a
    // tag.
    private readonly ConcurrentDictionary<
        (IActorRef Gateway, long Request),
        (EngineConnection Connection, PollWaiter Waiter, string Tag)
    > _parked = new();
    private readonly ConcurrentDictionary<
        (string Gateway, long Request),
        (EngineConnection Connection, AnswerOnItsWay Answer)
    > _onTheirWay = new(); // two of a session at most

    private static readonly TimeSpan CloseTurn = TimeSpan.FromMilliseconds(5);
    private const int CloseTurns = 20;

    public int AnswersOnTheirWay => _onTheirWay.Count;

    /// <summary>Takes a request that came to another node, in the turn of its session.</summary>
    /// <param name="connection">The session's; null when it is over, or has never been.</param>
    /// <param name="message">What was told to the session.</param>
    /// <param name="gateway">Who gets the answer.</param>
    /// <returns>False when it is no such request.</returns>
    public bool TryServe(EngineConnection? connection, object message, IActorRef gateway)
    {
        if (message is not ISessionRequest request)
            return false;
        if (connection is null)
            gateway.Tell(new RequestRefused(request.Request, EngineIoError.UnknownSid));
        else if (request is not Fragment fragment)
            Serve(connection, request, gateway);
        else if (Of(connection).TryAdd(fragment, gateway, out var whole))
            Serve(connection, whole, gateway);
        return true;
    }

    public void Serve(EngineConnection connection, ISessionRequest request, IActorRef gateway)
    {
        switch (request)
        {
            case PollRequest m when Check(connection, m, m.Query, gateway): _ = PollAsync(connection, m, gateway); break;
            case PollCut m:
                Cut(connection, (gateway, m.Request));
                Refuse(gateway, m, EngineIoError.UnknownSid); // it is heard
                break;
            case GatewayLeaves { IsWebSocket: true }:
                if (connection.IsWebSocket) // else it only probes, and the session goes on without it
                    connection.Session.Tell(new SessionProtocol.Close(DisconnectReason.ServerShuttingDown));
                break;
            case GatewayLeaves m:
                Of(connection).ReleasedPoll = (gateway, m.Request);
                Release((gateway, m.Request));
                break;
            case PostBegun m when Check(connection, m, m.Query, gateway) && !PollingRules.TryBeginPost(connection):
                Answer(gateway, m, StatusCodes.Status400BadRequest);
                break;
            case PostRequest m when Check(connection, m, m.Query, gateway):
                _ = PostAsync(connection, m, gateway);
                break;
            case PostFailed m when Check(connection, m, m.Query, gateway):
                OnPostFailed(connection, m, gateway);
                break;
            case OtherRequest m when Check(connection, m, m.Query, gateway):
                Answer(gateway, m, StatusCodes.Status405MethodNotAllowed);
                break;
            case UpgradeRequest m when IsKnown(connection, m, gateway):
                Upgrade(connection, m, gateway);
                break;
        }
    }

    /// <summary>A node is gone, and with it the polls that waited there: what would answer them now is lost.</summary>
    public void PeerGone(Peer peer)
    {
        foreach (var (key, poll) in _parked)
        {
            if (poll.Tag == peer.Tag)
                Cut(poll.Connection, key);
        }
        foreach (var key in _onTheirWay.Keys)
        {
            if (key.Gateway == peer.Tag)
                Lose(key);
        }
    }

    /// <summary>
    /// An answer goes by a node that may die with it. Clients repeat, without being told to, a request whose connection was reset before
    /// the answer: then the session must not go on as if they had got it.
    /// </summary>
    private void Goes(EngineConnection connection, AnswerOnItsWay answer)
    {
        var key = (answer.Gateway, answer.Request);
        _onTheirWay[key] = (connection, answer);
        // After it was added: whoever goes or ends from here on finds it.
        if (!peers.TryGet(answer.Gateway, out _))
            Lose(key);
        else if (!server.Engine.Sessions.TryGet(connection.Sid, out _))
            Forget(answer);
    }

    private void Lose((string Gateway, long Request) key)
    {
        if (!_onTheirWay.TryRemove(key, out var lost))
            return;
        lost.Answer.SetLeft(false);
        if (!lost.Connection.IsWebSocket) // else it has gone on since
            Of(lost.Connection).AnswerLost();
    }

    /// <summary>The node by which an answer went has passed it on.</summary>
    public void AnswerLeft(string gateway, long request)
    {
        if (_onTheirWay.TryRemove((gateway, request), out var left))
            left.Answer.SetLeft(true);
    }

    /// <summary>Something that this node told was lost: its word of answers that have left may be, too.</summary>
    public void AskWhatLeft(Peer peer)
    {
        foreach (var (gateway, request) in _onTheirWay.Keys)
        {
            if (gateway == peer.Tag)
                peer.Links.AskAnswerLeft(request);
        }
    }

    /// <summary>The word that an answer has left is long in coming: it may be lost.</summary>
    public void AskWhetherLeft(AnswerOnItsWay answer)
    {
        if (peers.TryGet(answer.Gateway, out var peer))
            peer.Links.AskAnswerLeft(answer.Request);
    }

    /// <summary>
    /// Its session is over, and nobody will ask. The word may never come: of a client that was gone before its answer, say.
    /// </summary>
    public void Forget(AnswerOnItsWay answer)
    {
        if (_onTheirWay.TryRemove((answer.Gateway, answer.Request), out _))
            answer.SetLeft(false);
    }

    /// <summary>
    /// To be awaited before the body of a POST is taken. A close packet releases the GET that waits (E-48): that may still be on its way
    /// here, by another node, though the client sent it first. So it is waited for a moment, rather than refused when it comes.
    /// </summary>
    public async ValueTask BeforeTakingAsync(EngineConnection connection, ReadOnlySequence<byte> body)
    {
        if (!EndsWithClose(body))
            return;
        for (var turn = 0; turn < CloseTurns && !connection.Outbound.HasParkedPoll && !connection.IsWebSocket; turn++)
            await Task.Delay(CloseTurn, server.Time).ConfigureAwait(false);
    }

    /// <summary>A packet of one '1' at the end of a payload, of whichever form.</summary>
    private static bool EndsWithClose(ReadOnlySequence<byte> body)
    {
        Span<byte> end = stackalloc byte[2];
        if (body.Length < 2)
            return body.Length == 1 && body.FirstSpan[0] == '1';
        body.Slice(body.Length - 2).CopyTo(end);
        return end[1] == '1' && (end[0] is 0x1E or (byte)':' or (byte)'=');
    }

    /// <summary>What it keeps of a connection's requests. Made in the session's turn, before anything can be on its way.</summary>
    private RelayedRequests Of(EngineConnection connection) =>
        (RelayedRequests)(connection.Relayed ??= new RelayedRequests(this, connection, server, metrics));

    /// <summary>As <see cref="EngineEndpoint"/> checks a request to a session of its own node.</summary>
    private bool Check(EngineConnection connection, ISessionRequest request, RequestQuery query, IActorRef gateway)
    {
        if (!IsKnown(connection, request, gateway))
            return false;
        if (PollingRules.Check(connection, query.IsRevision3, query.IsForWebSocket) == Mismatch.None)
            return true;
        Refuse(gateway, request, EngineIoError.BadRequest);
        return false;
    }

    /// <summary>The client polls again, by another node.</summary>
    private void Release((IActorRef Gateway, long Request) key)
    {
        if (_parked.TryGetValue(key, out var poll) && poll.Connection.Outbound.Unpark(poll.Waiter))
            poll.Waiter.Complete(EncodedFrame.Noop);
    }

    /// <summary>A session that has failed is unknown from that moment on, whatever its actor still has to do.</summary>
    private bool IsKnown(EngineConnection connection, ISessionRequest request, IActorRef gateway)
    {
        if (server.Engine.Sessions.TryGet(connection.Sid, out _))
            return true;
        Refuse(gateway, request, EngineIoError.UnknownSid);
        return false;
    }

    private async Task PollAsync(EngineConnection connection, PollRequest m, IActorRef gateway)
    {
        var relayed = Of(connection);
        if (!await relayed.HasGotAnswerAsync(ofPost: false).ConfigureAwait(false))
        {
            Refuse(gateway, m, EngineIoError.UnknownSid);
            return;
        }
        var waiter = new PollWaiter();
        if (!PollingRules.TryPark(connection, waiter))
        {
            Answer(gateway, m, StatusCodes.Status400BadRequest);
            return;
        }
        var key = (gateway, m.Request);
        _parked[key] = (connection, waiter, m.Query.Gateway);
        if (relayed.ReleasedPoll == key) // while it waited for the word of the answer before
            Release(key);
        var frames = await waiter.Answer.ConfigureAwait(false);
        _parked.TryRemove(key, out _);
        if (frames.Length == 0)
            return;
        var payload = PollPayload.Of(connection.Form, frames, m.Query.Jsonp);
        Goes(connection, relayed.PollAnswer = new AnswerOnItsWay(m.Query.Gateway, m.Request));
        Packed
            .Of(new RequestServed(m.Request, StatusCodes.Status200OK, payload.Body.ToArray(), payload.IsOctetStream, payload.MayCompress))
            .TellTo(gateway, m.Request, connection.Session);
    }

    /// <summary>The client is gone; also when its poll was answered meanwhile, since it has not got the answer (E-47).</summary>
    private void Cut(EngineConnection connection, (IActorRef Gateway, long Request) key)
    {
        PollingRules.Cut(connection, _parked.TryGetValue(key, out var poll) ? poll.Waiter : null);
    }

    private async Task PostAsync(EngineConnection connection, PostRequest m, IActorRef gateway)
    {
        if (!PollingRules.MayBe(connection, m.IsOctetStream) || (!m.HasBegun && !PollingRules.TryBeginPost(connection)))
        {
            Answer(gateway, m, StatusCodes.Status400BadRequest);
            return;
        }
        var relayed = Of(connection);
        if (!await relayed.HasGotAnswerAsync(ofPost: true).ConfigureAwait(false))
        {
            Refuse(gateway, m, EngineIoError.UnknownSid);
            return;
        }
        var body = new ReadOnlySequence<byte>(m.Body);
        await PollingRules
            .TakeAsync(connection, server.Engine.Placement, body, m.IsOctetStream, m.Query.Jsonp.Length > 0)
            .ConfigureAwait(false);
        await connection.Backlog.ReadableAsync().ConfigureAwait(false);
        Goes(connection, relayed.PostAnswer = new AnswerOnItsWay(m.Query.Gateway, m.Request));
        connection.EndPost();
        Answer(gateway, m, StatusCodes.Status200OK);
    }

    private static void OnPostFailed(EngineConnection connection, PostFailed m, IActorRef gateway)
    {
        if (m.HasBegun)
            connection.EndPost();
        if (m.WasCut)
            PollingRules.PostCut(connection);
        Answer(gateway, m, StatusCodes.Status413PayloadTooLarge); // E-46: the session stays open
    }

    private void Upgrade(EngineConnection connection, UpgradeRequest m, IActorRef gateway)
    {
        if (m.Query.IsRevision3 != connection.IsRevision3 || !peers.TryGet(m.Query.Gateway, out var peer))
        {
            Refuse(gateway, m, EngineIoError.BadRequest);
            return;
        }
        var link = new RemoteLink(peer.Links, m.Link);
        var opened = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        link.Opened = () =>
        {
            if (opened.TrySetResult())
                _ = new WebSocketTransport(server.Engine, connection, link, m.Form).RunUpgradeAsync(
                    m.IsToBeClosed || connection.ClosedBecause is not null
                );
        };
        if (peer.Links.TryAdd(link.End))
        {
            Answer(gateway, m, StatusCodes.Status101SwitchingProtocols);
            _ = AbandonAsync(link, opened.Task);
        }
        else
        {
            Refuse(gateway, m, EngineIoError.UnknownSid);
        }
    }

    /// <summary>The client, or its node, may be gone before the WebSocket is there.</summary>
    private async Task AbandonAsync(RemoteLink link, Task opened)
    {
        try
        {
            await opened.WaitAsync(server.Options.UpgradeTimeout, server.Time).ConfigureAwait(false);
        }
        catch (TimeoutException)
        {
            link.Abort();
        }
    }

    private static void Answer(IActorRef gateway, ISessionRequest request, int status) =>
        gateway.Tell(Packed.Of(new RequestServed(request.Request, status, [], false, false)), ActorRefs.NoSender);

    private static void Refuse(IActorRef gateway, ISessionRequest request, EngineIoError error) =>
        gateway.Tell(Packed.Of(new RequestRefused(request.Request, error)), ActorRefs.NoSender);
}
