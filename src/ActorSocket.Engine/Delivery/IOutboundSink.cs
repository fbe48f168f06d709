namespace ActorSocket.Delivery;

/// <summary>Where an <see cref="Outbound"/> writes once its connection is a WebSocket. Called by one thread at a time.</summary>
internal interface IOutboundSink
{
    /// <summary>
    /// Writes complete WebSocket frames and flushes them; completes when the peer has taken them or the buffers below have room again.
    /// </summary>
    ValueTask WriteAsync(ReadOnlyMemory<byte> frames);
}

/// <summary>What an <see cref="Outbound"/> reports to the connection it belongs to. Called outside its lock, on any thread.</summary>
internal interface IOutboundOwner
{
    /// <summary>The limit is reached: the peer does not read. Reported once; everything later is dropped.</summary>
    void OnOverflow();

    /// <summary>Writing to the sink failed.</summary>
    void OnWriteFailed(Exception error);

    /// <summary>A polling client has been given its close packet.</summary>
    void OnCloseDelivered();

    /// <summary>So many volatile packets were dropped since the last report.</summary>
    void OnVolatileDropped(int count);

    /// <summary>Packets and bytes left for the transport.</summary>
    void OnWritten(int packets, long bytes);
}
