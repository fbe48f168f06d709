namespace ActorSocket.Protocol.SocketIo;

/// <summary>Socket.IO protocol v5, "Packet types".</summary>
internal enum SocketIoPacketType : byte { Connect, Disconnect, Event, Ack, ConnectError, BinaryEvent, BinaryAck }

/// <summary>
/// One complete packet of a client. Never changes but for its being acknowledged, so it may cross threads. Binary events and acks are plain
/// ones here, with attachments.
/// </summary>
internal sealed class SocketIoPacket(SocketIoPacketType type, string ns, long ackId, string? eventName, SocketArguments arguments, int size)
{
    private bool _isAcknowledged;

    public SocketIoPacketType Type => type;

    public string Namespace => ns;

    /// <summary>-1 when there is none.</summary>
    public long AckId => ackId;

    /// <summary>Null for anything but an event, and for the nameless event `2` (S-17).</summary>
    public string? EventName => eventName;

    public SocketArguments Arguments => arguments;

    /// <summary>The payload of a CONNECT; binary, which MessagePack can bring, is base64 text in it.</summary>
    public ReadOnlyMemory<byte> Auth =>
        arguments.Count == 0 ? default
        : arguments.Attachments.Length == 0 ? arguments.JsonOf(0)
        : ArgumentCopier.ToText(arguments[0]);

    /// <summary>What the client has sent.</summary>
    public int SizeInBytes => size;

    /// <summary>What waits in memory until it is handled: a short text may have many arguments.</summary>
    public long HeldBytes => Math.Max(size, arguments.HeldBytes);

    /// <summary>Whether the client still waits for an acknowledgement.</summary>
    public bool IsAckWanted => ackId >= 0 && !Volatile.Read(ref _isAcknowledged);

    /// <summary>True for the first who acknowledges, if the client asked for it .</summary>
    public bool TryAcknowledge() => ackId >= 0 && !Interlocked.Exchange(ref _isAcknowledged, true);
}
