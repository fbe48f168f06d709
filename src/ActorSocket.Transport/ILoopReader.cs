namespace ActorSocket.EventLoops;

/// <summary>
/// Who reads a <see cref="LoopSocket"/>. All is called on the loop, and returns soon; once the loop is over, on who closes the socket then.
/// </summary>
internal interface ILoopReader
{
    /// <summary>There may be something to receive: it reads once, and is called again while there is more.</summary>
    void OnReadable();

    /// <summary>Somebody called <see cref="LoopSocket.Post"/>; behind <see cref="OnClosed"/> too.</summary>
    void OnPosted();

    /// <summary>From here on nobody may use the descriptor.</summary>
    void OnClosing();

    /// <summary>The descriptor is closed.</summary>
    void OnClosed();
}
