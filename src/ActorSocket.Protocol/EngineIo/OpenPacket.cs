using System.Text;

namespace ActorSocket.Protocol.EngineIo;

/// <summary>The packet that opens a session (Engine.IO protocol v4, "Handshake").</summary>
internal static class OpenPacket
{
    /// <summary>Exactly the protocol's five fields, type digit included. A sid needs no escaping.</summary>
    public static byte[] Write(string sid, bool websocketUpgrade, int pingIntervalMs, int pingTimeoutMs, int maxPayload)
    {
        var upgrades = websocketUpgrade ? "\"websocket\"" : "";
        return Encoding.UTF8.GetBytes(
            $$"""0{"sid":"{{sid}}","upgrades":[{{upgrades}}],"pingInterval":{{pingIntervalMs}},"pingTimeout":{{pingTimeoutMs}},"maxPayload":{{maxPayload}}}"""
        );
    }
}
