using ActorSocket.Protocol.SocketIo;

namespace ActorSocket.Emitting;

/// <summary>How a packet is to be sent, as a value: operators are immutable, so there is no "flag of the next emit" to forget.</summary>
internal readonly record struct EmitFlags(bool Volatile, bool Local, bool Compress, TimeSpan? Timeout)
{
    // that of JavaScript's timers, and more than Akka's need
    private static readonly TimeSpan LongestTimeout = TimeSpan.FromMilliseconds(int.MaxValue);

    public static readonly EmitFlags None = new(Volatile: false, Local: false, Compress: true, Timeout: null);

    public EmitFlags Within(TimeSpan timeout)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(timeout, TimeSpan.Zero);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(timeout, LongestTimeout);
        return this with { Timeout = timeout };
    }

    public static void ThrowIfReserved(string eventName)
    {
        ArgumentNullException.ThrowIfNull(eventName);
        if (EventNames.IsReserved(eventName))
            throw new ArgumentException($"\"{eventName}\" is a reserved event name", nameof(eventName)); // the official words
    }

    /// <summary>For handlers.</summary>
    public static void ThrowIfNotHandled(string eventName)
    {
        ArgumentNullException.ThrowIfNull(eventName);
        if (EventNames.IsReserved(eventName))
            throw new ArgumentException(
                $"\"{eventName}\" is a reserved event name: {EventNames.InsteadOfHandling(eventName)}.",
                nameof(eventName)
            );
    }
}
