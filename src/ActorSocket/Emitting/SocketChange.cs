namespace ActorSocket.Emitting;

/// <summary>What is done to the sockets of a selection, on whichever node they are. The numbers travel between nodes.</summary>
internal enum SocketChange
{
    Join = 0,
    Leave = 1,

    /// <summary>From the namespace.</summary>
    Disconnect = 2,

    /// <summary>With their connections.</summary>
    Close = 3,
}
