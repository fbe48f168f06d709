using System.Buffers;
using Akka.Actor;
using ActorSocket.Hosting;

namespace ActorSocket.Sessions;

/// <summary>
/// On which node a session lives, and what becomes of the requests of its client that come to another one. With one node,
/// <see cref="SingleNode"/>: here, and there are none.
/// </summary>
internal interface ISessionPlacement
{
    /// <summary>Whether this node may open sessions.</summary>
    bool IsReady { get; }

    /// <summary>Makes a session's id.</summary>
    /// <param name="own">What the application has made; null for a random one.</param>
    string NewSid(string? own);

    /// <summary>Starts, or finds, who makes a session of each <see cref="SessionProtocol.Open"/>.</summary>
    /// <param name="parent">Whose child it is.</param>
    IActorRef Start(IActorContext parent);

    /// <summary>A session has ended.</summary>
    /// <returns>False when its actor must not stop yet: whoever placed it will tell it to, and until then it says that it is over.</returns>
    bool MayStop(IActorContext session);

    /// <summary>Takes what was told to a session that does not know it, in its turn: perhaps a request that came to another node.</summary>
    /// <param name="connection">The session's; null when it is over, or has never been.</param>
    /// <param name="message">What was told.</param>
    /// <param name="sender">By whom.</param>
    /// <returns>False when it is something else.</returns>
    bool TryServe(EngineConnection? connection, object message, IActorRef sender);

    /// <summary>To be awaited before the body of a POST is taken: a GET that the client sent earlier may still be on its way here.</summary>
    ValueTask BeforeTakingAsync(EngineConnection connection, ReadOnlySequence<byte> body);
}

/// <summary>The requests of one client that came by other nodes.</summary>
internal interface IRelayedRequests
{
    /// <summary>
    /// The client asks again: it has got the answer before, or the session ends here. The word of the other node may come a little later
    /// than the request.
    /// </summary>
    ValueTask<bool> HasGotAnswerAsync(bool ofPost);

    /// <summary>The session is over.</summary>
    void Forget();
}

/// <summary>All sessions live here, below a <see cref="SessionSupervisor"/>.</summary>
internal sealed class SingleNode(ServerServices server) : ISessionPlacement
{
    public bool IsReady => true;

    public string NewSid(string? own) => own ?? server.Ids.Next();

    public IActorRef Start(IActorContext parent) => parent.ActorOf(SessionSupervisor.Props(server), "sessions");

    public bool MayStop(IActorContext session) => true;

    public bool TryServe(EngineConnection? connection, object message, IActorRef sender) => false;

    public ValueTask BeforeTakingAsync(EngineConnection connection, ReadOnlySequence<byte> body) => default;
}
