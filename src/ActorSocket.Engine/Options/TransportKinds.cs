namespace ActorSocket;

/// <summary>Which transports a client may use.</summary>
[Flags]
public enum TransportKinds
{
    /// <summary>None.</summary>
    None = 0,

    /// <summary>HTTP long-polling.</summary>
    Polling = 1,

    /// <summary>WebSocket.</summary>
    WebSocket = 2,

    /// <summary>Both, the default.</summary>
    All = Polling | WebSocket,
}
