using System.Buffers;
using Akka.Actor;

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

    /// <summary>
    /// Gives the actor that makes a session of each <see cref="SessionProtocol.Open"/>: on one node a new child of the server's root, in a
    /// cluster the shard region, which has started before.
    /// </summary>
    /// <param name="parent">Whose child it becomes, if it is new.</param>
    /// <param name="name">Its name there.</param>
    IActorRef Start(IActorRefFactory parent, string name);

    /// <summary>A session has ended.</summary>
    /// <returns>
    /// False when its actor must not stop yet: whoever placed it will tell it to, and until then it says that it is over.
    /// </returns>
    bool MayStop(IActorContext session);

    /// <summary>Takes what was told to a session that does not know it, in its turn: perhaps a request that came to another node.</summary>
    /// <param name="connection">The session's; null when it is over, or has never been.</param>
    /// <param name="message">What was told.</param>
    /// <param name="sender">By whom.</param>
    /// <returns>False when it is something else.</returns>
    bool TryServe(EngineConnection? connection, object message, IActorRef sender);

    /// <summary>
    /// To be awaited before the body of a POST is taken: a GET that the client sent earlier may still be on its way here.
    /// </summary>
    ValueTask BeforeTakingAsync(EngineConnection connection, ReadOnlySequence<byte> body);
}
