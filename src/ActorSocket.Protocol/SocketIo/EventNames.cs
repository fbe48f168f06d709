namespace ActorSocket.Protocol.SocketIo;

/// <summary>Event names that neither side may use, since clients raise them themselves (S-19).</summary>
internal static class EventNames
{
    public static bool IsReserved(string name) =>
        name is "connect" or "connect_error" or "disconnect" or "disconnecting" or "newListener" or "removeListener";

    /// <summary>What a server listens with to what the official one raises by a reserved name.</summary>
    public static string InsteadOfHandling(string name) => name switch
    {
        "connect" or "connection" => "use Namespace.OnConnection (in a hub: override OnConnectedAsync)",
        "connect_error" => "it is raised at clients; a refused request is seen with ActorSocketServer.OnConnectionError",
        "disconnect" => "use Socket.OnDisconnect (in a hub: override OnDisconnectedAsync)",
        "disconnecting" => "use Socket.OnDisconnecting",
        "new_namespace" => "use ActorSocketServer.OnNewNamespace",
        _ => "listeners are not told of each other",
    };
}
