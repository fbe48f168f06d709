namespace ActorSocket.Protocol;

/// <summary>What the wire may send. Checked before memory is spent on it.</summary>
internal sealed record ProtocolLimits
{
    /// <summary>Bytes of one message: a POST body, or a WebSocket message put together from its fragments.</summary>
    public int MaxMessageBytes { get; init; } = 1_000_000;

    /// <summary>Bytes of all attachments of a packet, each of which is a message.</summary>
    public int MaxAttachmentsBytes { get; init; } = 10_000_000;

    /// <summary>
    /// Far more than a burst of an honest client, which sends all it has in one payload; the payload's size bounds it in any case.
    /// </summary>
    public int MaxPacketsPerPayload { get; init; } = 65_536;

    public int MaxAttachments { get; init; } = 10;

    public int MaxJsonDepth { get; init; } = 64;

    public int MaxEventNameBytes { get; init; } = 256;

    public int MaxNamespaceBytes { get; init; } = 256;

    public int MaxFragments { get; init; } = 1024;
}
