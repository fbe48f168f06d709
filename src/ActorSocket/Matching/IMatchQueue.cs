namespace ActorSocket;

/// <summary>
/// What a <see cref="MatchQueue"/> is called by: <c>io.MapEntities&lt;DuelQueue, IMatchQueue&gt;("duel-queue")</c>, then
/// <c>queues.Get("europe").JoinAsync(…)</c>. Each id is a queue of its own.
/// </summary>
#pragma warning disable CA1711 // players queue here; it is no collection
public interface IMatchQueue
#pragma warning restore CA1711
{
    /// <summary>
    /// Lets a player, or a party, wait for a match. What comes of it is told to the sockets: see <see cref="MatchQueue"/>.
    /// </summary>
    /// <param name="request">Who wants to play.</param>
    /// <param name="cancellationToken">Ends the wait for the answer; the request may wait all the same.</param>
    /// <returns>The ticket's number.</returns>
    /// <exception cref="EntityCallException">
    /// Refused, with an <see cref="EventException"/> whose code is <c>QUEUE_FULL</c>, <c>ALREADY_QUEUED</c>: one of the sockets waits here
    /// already, or <c>BAD_REQUEST</c>: the message says what is wrong with it.
    /// </exception>
    Task<long> JoinAsync(MatchRequest request, CancellationToken cancellationToken = default);

    /// <summary>Takes back what a socket waits for, with its whole party.</summary>
    /// <param name="socketId">Whose.</param>
    /// <param name="cancellationToken">Ends the wait for the answer.</param>
    /// <returns>False where it does not wait, or not any more: its match is made.</returns>
    Task<bool> CancelAsync(string socketId, CancellationToken cancellationToken = default);

    /// <summary>How many players wait.</summary>
    /// <param name="cancellationToken">Ends the wait for the answer.</param>
    Task<int> CountAsync(CancellationToken cancellationToken = default);
}
