namespace ActorSocket.Protocol.SocketIo;

/// <summary>Why a Socket.IO packet is rejected (S-10 … S-18).</summary>
internal enum PacketError
{
    None,
    UnknownPacketType,
    IllegalAttachments,
    TooManyAttachments,
    AttachmentsTooBig,
    InvalidPayload,
    InvalidNamespace,
    InvalidAckId,
    UnexpectedText,
    UnexpectedBinary,
    IllegalPlaceholder,
}

internal static class PacketErrors
{
    /// <summary>The official parser's words where it has some.</summary>
    public static string Describe(this PacketError error) => error switch
    {
        PacketError.UnknownPacketType => "unknown packet type",
        PacketError.IllegalAttachments => "Illegal attachments",
        PacketError.TooManyAttachments => "too many attachments",
        PacketError.AttachmentsTooBig => "the attachments are too big",
        PacketError.InvalidNamespace => "invalid namespace",
        PacketError.InvalidAckId => "invalid acknowledgement id",
        PacketError.UnexpectedText => "got plaintext data when reconstructing a packet",
        PacketError.UnexpectedBinary => "got binary data when not reconstructing a packet",
        PacketError.IllegalPlaceholder => "illegal attachments",
        _ => "invalid payload",
    };
}
