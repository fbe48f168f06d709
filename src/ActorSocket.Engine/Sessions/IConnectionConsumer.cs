namespace ActorSocket.Sessions;

/// <summary>
/// Who sits above one connection: gets the messages that its client sends, and learns of its end. Socket.IO is one, the application of
/// an Engine.IO server another. The engine knows no more of either than this.
/// </summary>
internal interface IConnectionConsumer
{
    /// <summary>A text message. Called by the thread that reads, one at a time; <see cref="OnEndOfRead"/> follows.</summary>
    /// <returns>False: nothing more is taken from this client. The session goes on until it is told to close.</returns>
    bool OnText(ReadOnlySpan<byte> message);

    /// <summary>A binary message, which is the consumer's to keep. Called as <see cref="OnText"/>.</summary>
    /// <returns>As <see cref="OnText"/>.</returns>
    bool OnBinary(byte[] message);

    /// <summary>What the transport has read is handed over, or the client has broken the protocol and nothing more comes.</summary>
    void OnEndOfRead();

    /// <summary>
    /// The session has begun, and its client is about to be told so. Called once, before anything is read, by any thread.
    /// </summary>
    void OnOpened();

    /// <summary>The session goes on by WebSocket. Called in its turn, once at most.</summary>
    void OnUpgraded()
    {
    }

    /// <summary>The session begins. Called in its turn, before <see cref="OnOpened"/>.</summary>
    void OnStarted(ISessionTurn session);

    /// <summary>
    /// Something that was told to the session and that the engine does not know, or a timer that was started in an earlier turn. Called
    /// in the session's turn, also once the session closes and waits for its client to fetch what is queued.
    /// </summary>
    /// <returns>False when the consumer does not know it either.</returns>
    bool OnMessage(object message, ISessionTurn session);

    /// <summary>The session ends: nothing is sent or read any more. Called once, in its turn.</summary>
    void OnEnding(DisconnectReason reason, string? description);

    /// <summary>The session's actor has stopped, in whichever way; after a crash without <see cref="OnEnding"/> before.</summary>
    void OnStopped();
}

/// <summary>What the consumer of a session may do in its turn.</summary>
internal interface ISessionTurn
{
    /// <summary>Whether nothing is read, because handlers lag: what the client owes may lie unread.</summary>
    bool IsPaused { get; }

    /// <summary>Begins to wait; when the time is over, <see cref="IConnectionConsumer.OnMessage"/> gets what is returned.</summary>
    SharedTimer.Wait Start(SharedTimer time);

    /// <summary>Closes the connection after what is queued.</summary>
    /// <param name="reason">What the consumer is told.</param>
    /// <param name="unasked">What it is told instead where a polling client has no GET waiting.</param>
    void Close(DisconnectReason reason, DisconnectReason? unasked = null);
}
