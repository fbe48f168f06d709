using ActorSocket.Delivery;
using ActorSocket.Protocol.EngineIo;

namespace ActorSocket.Sessions;

/// <summary>What a session needs of a WebSocket, whichever way its bytes travel.</summary>
internal interface ITransport
{
    /// <summary>Where the session's output goes once the upgrade is done.</summary>
    IOutboundSink Sink { get; }

    /// <summary>How packets look on it.</summary>
    WireForm Form { get; }

    /// <summary>Ends a WebSocket that is not (yet) the session's, with a close frame.</summary>
    void Refuse();

    /// <summary>Stops reading and ends the connection once the outbound has written its close frame, or a second has passed.</summary>
    void Close();
}
