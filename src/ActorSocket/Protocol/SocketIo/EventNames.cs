namespace ActorSocket.Protocol.SocketIo;

/// <summary>Event names that neither side may use, since clients raise them themselves (S-19).</summary>
internal static class EventNames
{
    public static bool IsReserved(string name) =>
        name is "connect" or "connect_error" or "disconnect" or "disconnecting" or "newListener" or "removeListener";
}
