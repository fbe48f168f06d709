using System.Buffers;
using System.Collections.Concurrent;
using System.Diagnostics.CodeAnalysis;
using ActorSocket.Protocol.EngineIo;
using ActorSocket.Sessions;
using ActorSocket.Transports;
using Akka.Actor;
using Microsoft.AspNetCore.Http;
using static ActorSocket.Clustering.ClusterProtocol;

namespace ActorSocket.Clustering;

/// <summary>
/// Takes the requests that a load balancer sent to this node although their session lives on another: asks the session through the shard
/// region and answers the client. A WebSocket stays here, and its bytes travel over a <see cref="LinkHub"/>.
/// </summary>
internal sealed class SessionGateway(NodeServices node, ShardedSessions sessions) : IRequestRelay
{
    private static readonly TimeSpan DrainTime = TimeSpan.FromSeconds(5);
    private static readonly TimeSpan LeaveRetry = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan TellRetry = TimeSpan.FromSeconds(1);
    private const int MaxTold = 5;

    private readonly PollingTransport _polling = new(node.Server.Engine);
    private readonly ConcurrentDictionary<long, string> _polls = new(); // sids by request
    private readonly ConcurrentDictionary<long, (string Sid, WebSocketLink Link)> _webSockets = new();

    // A poll is answered by a heartbeat at the latest, and a POST when the handlers have caught up; a session that says nothing for longer
    // is out of reach.
    private readonly TimeSpan _patience =
        node.Server.Options.PingInterval + node.Server.Options.PingTimeout + EngineSession.HandlersTimeout;
    private readonly PendingReplies _pending = new(node.Peers);
    private IActorRef _replies = ActorRefs.Nobody;
    private volatile bool _isLeaving;
    private volatile bool _hasLeft;
    private long _lastRequest;

    /// <summary>How many requests wait for what a session on another node answers.</summary>
    public int Waiting => _pending.Count;

    /// <summary>Starts what takes the answers.</summary>
    public void Start(IActorContext root) => _replies = root.ActorOf(SessionReplies.Props(_pending, node.Metrics), "replies");

    public void HomeGone(Peer home) => _pending.HomeGone(home);

    /// <summary>WebSockets that end here while their session lives on another node.</summary>
    public int WebSocketCount => _webSockets.Count;

    public int OpenCount => WebSocketCount + Waiting;

    public IEnumerable<Action> WebSocketClosers =>
        _webSockets.Select(open => (Action)(() => Tell(new GatewayLeaves(open.Value.Sid, open.Key, IsWebSocket: true))));

    public void Leave()
    {
        _isLeaving = true;
        _ = LeaveAsync();
    }

    /// <summary>Told again until they have gone: the word may be lost, or a WebSocket not be its session's yet.</summary>
    private async Task LeaveAsync()
    {
        using var ticks = new PeriodicTimer(LeaveRetry, node.Server.Time);
        do
        {
            foreach (var (request, sid) in _polls)
                Tell(new GatewayLeaves(sid, request, IsWebSocket: false));
            foreach (var close in WebSocketClosers)
                close();
        }
        while (await ticks.WaitForNextTickAsync().ConfigureAwait(false) && !_hasLeft && (!_polls.IsEmpty || !_webSockets.IsEmpty));
    }

    public void Abort()
    {
        _hasLeft = true;
        foreach (var (_, link) in _webSockets.Values)
            link.Abort();
    }

    public async Task<EngineIoError?> ServeAsync(HttpContext context, StrayRequest request)
    {
        if (!TryGetHome(request.Sid, out var home))
            return EngineIoError.UnknownSid;
        var query = new RequestQuery(request.Form.IsRevision3(), request.IsForWebSocket, request.Jsonp, node.Server.Engine.Ids.NodeTag);
        if (request.Upgrade is not { } upgrade)
            return await HandleAsync(context, home, request.Sid, query).ConfigureAwait(false);
        if (upgrade.FaultOf(context.Request) is not null)
            return EngineIoError.BadRequest;
        return await UpgradeAsync(context, home, request.Sid, query, upgrade, request.Form, request.IsToBeClosed).ConfigureAwait(false);
    }

    /// <summary>The node that a session with this id lives on, if there is such a node and the id was made there.</summary>
    private bool TryGetHome(string sid, [NotNullWhen(true)] out Peer? home) =>
        node.Peers.TryGetHome(sid, out home) && IdGenerator.IsGenuine(sid, home.Key);

    private async Task<EngineIoError?> HandleAsync(HttpContext context, Peer home, string sid, RequestQuery query)
    {
        if (HttpMethods.IsGet(context.Request.Method))
            return await PollAsync(context, home, sid, query).ConfigureAwait(false);
        if (HttpMethods.IsPost(context.Request.Method))
            return await PostAsync(context, home, sid, query).ConfigureAwait(false);
        var request = NextRequest();
        var reply = await AskAsync(home, new OtherRequest(sid, request, query)).ConfigureAwait(false);
        if (reply is RequestServed)
            PollingTransport.AnswerNotAllowed(context);
        return ErrorOf(reply);
    }

    private async Task<EngineIoError?> UpgradeAsync(
        HttpContext context,
        Peer home,
        string sid,
        RequestQuery query,
        WebSocketUpgrade upgrade,
        WireForm form,
        bool isToBeClosed
    )
    {
        node.Metrics.RequestForwarded("upgrade");
        var request = NextRequest();
        var number = home.Links.NextLink();
        var reply = await AskAsync(home, new UpgradeRequest(sid, request, query, number, form, isToBeClosed)).ConfigureAwait(false);
        if (reply is not RequestServed)
            return ErrorOf(reply);
        await node.Server.Options.RaiseHeadersAsync(context).ConfigureAwait(false);
        var link = await upgrade.AcceptAsync(context).ConfigureAwait(false);
        await link.RunAsync(() => ServeAsync(home, sid, request, number, link)).ConfigureAwait(false);
        return null;
    }

    private async Task ServeAsync(Peer home, string sid, long request, long number, WebSocketLink link)
    {
        var end = new LinkEnd(home.Links, isGateway: true, number, link.WriteAsync, static _ => { });
        try
        {
            if (home.Links.TryAdd(end))
            {
                _webSockets[request] = (sid, link);
                if (_isLeaving)
                    link.Abort(); // the session ends with its transport, and the client comes to another node
                end.Open(RemoteLink.TermsOf(link));
                await RelayAsync(link, end, node.Server.Time).ConfigureAwait(false);
            }
        }
        finally
        {
            _webSockets.TryRemove(request, out _);
            if (end.WasAborted)
                link.Abort();
            link.Release();
        }
    }

    /// <summary>What the client sends goes to the session, until either of them has ended.</summary>
    internal static async Task RelayAsync(WebSocketLink link, LinkEnd end, TimeProvider time)
    {
        var over = end.Ended.ContinueWith(
            static (_, input) => ((System.IO.Pipelines.PipeReader)input!).CancelPendingRead(),
            link.Input,
            TaskScheduler.Default
        );
        try
        {
            while (!end.Ended.IsCompleted)
            {
                var read = await link.Input.ReadAsync().ConfigureAwait(false);
                foreach (var piece in read.Buffer)
                    await end.SendAsync(piece).ConfigureAwait(false);
                link.Input.AdvanceTo(read.Buffer.End);
                if (read.IsCompleted)
                    break;
            }
        }
        catch (Exception error) when (PostBody.IsCut(error) || error is InvalidOperationException)
        {
            // The connection was torn down under the read; its session takes the end of the link for the client's close.
        }
        finally
        {
            end.Close();
        }
        try
        {
            await over.WaitAsync(DrainTime, time).ConfigureAwait(false);
        }
        catch (TimeoutException)
        {
            end.Abort(); // its client has ended it, and does not read what is left
        }
    }

    private async Task<EngineIoError?> PollAsync(HttpContext context, Peer home, string sid, RequestQuery query)
    {
        node.Metrics.RequestForwarded("poll");
        var request = NextRequest();
        using var cut = context.RequestAborted.UnsafeRegister(_ => Cut(home, new PollCut(sid, request)), null);
        var asked = AskAsync(home, new PollRequest(sid, request, query));
        _polls[request] = sid;
        if (_isLeaving)
            Tell(new GatewayLeaves(sid, request, IsWebSocket: false));
        var reply = await asked.ConfigureAwait(false);
        _polls.TryRemove(request, out _);
        if (context.RequestAborted.IsCancellationRequested)
            return null;
        if (reply is not RequestServed served)
            return ErrorOf(reply);
        context.Response.StatusCode = served.Status;
        if (served.Status == StatusCodes.Status200OK)
            await PassOnAsync(
                    context,
                    home,
                    request,
                    () => _polling.AnswerAsync(context, new PollPayload(served.Body, served.IsOctetStream, served.MayCompress), query.Jsonp)
                )
                .ConfigureAwait(false);
        return null;
    }

    private async Task<EngineIoError?> PostAsync(HttpContext context, Peer home, string sid, RequestQuery query)
    {
        node.Metrics.RequestForwarded("post");
        var (begun, request) = (0L, NextRequest());
        object reply;
        try
        {
            Task<object>? refusal = null;
            var reading = _polling
                .ReadAsync(
                    context,
                    waits: () => refusal = AskAsync(home, new PostBegun(sid, begun = NextRequest(), query), Timeout.InfiniteTimeSpan)
                )
                .AsTask();
            // Another POST is under way, or there is no such session: the client is told before it has sent everything.
            if (refusal is not null && await Task.WhenAny(reading, refusal).ConfigureAwait(false) == refusal)
            {
                await PostBody.GiveUpAsync(context, reading).ConfigureAwait(false);
                return Answered(context, await refusal.ConfigureAwait(false));
            }
            if (await reading.ConfigureAwait(false) is { } body)
            {
                var whole = body.Bytes.ToArray();
                body.Release();
                reply = await AskAsync(
                        home,
                        new PostRequest(sid, request, query, PollingTransport.IsOctetStream(context), begun != 0, whole)
                    )
                    .ConfigureAwait(false);
            }
            else
            {
                reply = await AskAsync(home, new PostFailed(sid, NextRequest(), query, begun != 0, WasCut: false)).ConfigureAwait(false);
            }
        }
        catch (Exception error) when (PostBody.IsCut(error))
        {
            _ = TellUntilHeardAsync(home, new PostFailed(sid, NextRequest(), query, begun != 0, WasCut: true));
            PostBody.AnswerCut(context, error);
            return null;
        }
        finally
        {
            if (begun != 0)
                _pending.Forget(begun);
        }
        if (reply is not RequestServed { Status: StatusCodes.Status200OK })
            return Answered(context, reply);
        await PassOnAsync(context, home, request, () => PollingTransport.AnswerOkAsync(context)).ConfigureAwait(false);
        return null;
    }

    /// <summary>Gives the client its session's answer, and tells the session's node that it has left.</summary>
    private async Task PassOnAsync(HttpContext context, Peer home, long request, Func<Task> answer)
    {
        try
        {
            await node.Server.Options.RaiseHeadersAsync(context).ConfigureAwait(false);
            await answer().ConfigureAwait(false);
        }
        finally
        {
            home.Links.TellAnswerLeft(request);
        }
    }

    private static EngineIoError? Answered(HttpContext context, object reply)
    {
        if (reply is RequestServed served)
            context.Response.StatusCode = served.Status;
        return ErrorOf(reply);
    }

    private static EngineIoError? ErrorOf(object reply) => reply switch
    {
        RequestServed => null,
        RequestRefused refused => refused.Error,
        _ => EngineIoError.UnknownSid,
    };

    private long NextRequest() => Interlocked.Increment(ref _lastRequest);

    /// <summary>The client is gone: the session is told, and nobody waits for its answer.</summary>
    private void Cut(Peer home, PollCut message)
    {
        _pending.Forget(message.Request);
        _ = TellUntilHeardAsync(home, message);
    }

    /// <summary>
    /// Told again until the session's node has said anything to it: else the session would live on for as long as a heartbeat takes, for a
    /// client that is gone.
    /// </summary>
    private async Task TellUntilHeardAsync(Peer home, ISessionRequest message)
    {
        var heard = _pending.Add(message.Request, home);
        var told = 0;
        do
        {
            var retry = Task.Delay(TellRetry, node.Server.Time);
            Tell(message);
            await Task.WhenAny(heard, retry).ConfigureAwait(false);
        }
        while (!heard.IsCompleted && ++told < MaxTold);
        _pending.Forget(message.Request);
    }

    private void Tell(ISessionRequest message) => Packed.Of(message).TellTo(sessions.Region, message.Request, _replies);

    /// <param name="home">The session's node.</param>
    /// <param name="message">What is asked.</param>
    /// <param name="timeout">Null: as long as it may take a session.</param>
    private async Task<object> AskAsync(Peer home, ISessionRequest message, TimeSpan? timeout = null)
    {
        var reply = _pending.Add(message.Request, home);
        Tell(message);
        try
        {
            return await reply.WaitAsync(timeout ?? _patience, node.Server.Time).ConfigureAwait(false);
        }
        catch (TimeoutException)
        {
            _pending.Forget(message.Request);
            return new RequestRefused(message.Request, EngineIoError.UnknownSid);
        }
    }
}
