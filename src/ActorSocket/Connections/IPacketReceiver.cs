using Akka.Actor;

namespace ActorSocket.Connections;

/// <summary>A socket, as whoever reads knows it.</summary>
internal interface IPacketReceiver
{
    /// <summary>What is told of <see cref="ConnectionEvents"/>.</summary>
    IActorRef Actor { get; }

    /// <summary>The actor is about to be told what came in. False when it has stopped, and would not read it.</summary>
    bool TryTakeOn(ConnectionEvents.PacketsRead batch);

    /// <summary>Whether handlers of this event have kept an event loop.</summary>
    bool IsSlow(string eventName);

    /// <summary>The server lets the whole connection go: nothing more is sent to it, though its actor may not have come to that.</summary>
    void OnToldToGo();

    /// <summary>The connection goes on by WebSocket. Called in the session's turn.</summary>
    void OnUpgraded();
}
