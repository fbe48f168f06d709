namespace ActorSocket.Recovery;

/// <summary>Another node that an event is sent to.</summary>
internal interface IRemoteNode
{
    /// <summary>What its ids begin with.</summary>
    string Tag { get; }

    /// <summary>Whether it seems to be gone, or cannot be reached: nobody has to wait for it.</summary>
    bool IsAway => false;
}
