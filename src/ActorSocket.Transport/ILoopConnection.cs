namespace ActorSocket.EventLoops;

/// <summary>A feature of connections on event loops: their bytes can be had where the loop receives them, without a pipe.</summary>
internal interface ILoopConnection
{
    /// <summary>For who writes without Kestrel. One at a time, and only once Kestrel writes no more.</summary>
    ILoopSocket Socket { get; }

    /// <summary>
    /// Gives the bytes that Kestrel's HTTP has left to a receiver, and all that come after. To be called once nobody reads the pipe any
    /// more: Kestrel may be done with the connection from here on.
    /// </summary>
    void GoOnWith(IByteReceiver receiver);
}

/// <summary>What is left of a connection without Kestrel. Any thread.</summary>
internal interface ILoopSocket
{
    /// <summary>Sends all of it. Completes when the kernel has it; the memory is the socket's until then.</summary>
    ValueTask WriteAsync(ReadOnlyMemory<byte> data);

    /// <summary>Has the receiver's <see cref="IByteReceiver.OnWoken"/> called.</summary>
    void Wake();

    /// <summary>Resets the connection.</summary>
    void Abort();
}
