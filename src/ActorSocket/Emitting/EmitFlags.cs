using ActorSocket.Protocol.SocketIo;

namespace ActorSocket;

/// <summary>How a packet is to be sent, as a value: operators are immutable, so there is no "flag of the next emit" to forget.</summary>
internal readonly record struct EmitFlags(bool Volatile, bool Local, bool Compress, TimeSpan? Timeout)
{
    public static readonly EmitFlags None = new(Volatile: false, Local: false, Compress: true, Timeout: null);

    public static void ThrowIfReserved(string eventName)
    {
        ArgumentNullException.ThrowIfNull(eventName);
        if (EventNames.IsReserved(eventName))
            throw new ArgumentException($"\"{eventName}\" is a reserved event name", nameof(eventName));
    }
}
