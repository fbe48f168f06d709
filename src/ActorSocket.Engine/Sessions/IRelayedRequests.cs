namespace ActorSocket.Sessions;

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
