namespace ActorSocket.Protocol.EngineIo;

/// <summary>Engine.IO protocol v4, "Packet types".</summary>
internal enum EngineIoPacketType : byte { Open, Close, Ping, Pong, Message, Upgrade, Noop }

/// <summary>One Engine.IO packet. <see cref="Binary"/> is set for a binary message, which has no other data.</summary>
internal readonly ref struct EngineIoPacket(EngineIoPacketType type, ReadOnlySpan<byte> data, byte[]? binary = null)
{
    public EngineIoPacketType Type { get; } = type;

    public ReadOnlySpan<byte> Data { get; } = data;

    public byte[]? Binary { get; } = binary;
}
