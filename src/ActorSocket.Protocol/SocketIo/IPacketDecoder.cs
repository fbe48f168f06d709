namespace ActorSocket.Protocol.SocketIo;

/// <summary>Puts a client's packets together. Never throws for what a client sends.</summary>
internal interface IPacketDecoder
{
    /// <summary>Why the last message was rejected.</summary>
    PacketError Error { get; }

    /// <summary>Takes a text message. False: it is rejected. True with no packet: more is due.</summary>
    bool AddText(ReadOnlySpan<byte> text, out SocketIoPacket? packet);

    /// <summary>Takes a binary message.</summary>
    bool AddBinary(byte[] binary, out SocketIoPacket? packet);
}

/// <summary>A parser of the application's; what it reads is held to the same rules as the protocol's own text form.</summary>
internal sealed class ParserPacketDecoder(SocketIoParserDecoder parser, PacketDecoder checker) : IPacketDecoder
{
    private bool _failed;

    public PacketError Error => _failed ? PacketError.InvalidPayload : checker.Error;

    public bool AddText(ReadOnlySpan<byte> text, out SocketIoPacket? packet)
    {
        try
        {
            return Check(parser.AddText(text), text.Length, out packet);
        }
        catch (Exception)
        {
            return Fail(out packet);
        }
    }

    public bool AddBinary(byte[] binary, out SocketIoPacket? packet)
    {
        try
        {
            return Check(parser.AddBinary(binary), binary.Length, out packet);
        }
        catch (Exception)
        {
            return Fail(out packet);
        }
    }

    /// <summary>
    /// Whatever it throws, as the official server has it: a parser that stumbles over what a client sent must not cost more than that
    /// client.
    /// </summary>
    private bool Fail(out SocketIoPacket? packet)
    {
        packet = null;
        _failed = true;
        return false;
    }

    private bool Check(SocketIoParserPacket? parsed, int size, out SocketIoPacket? packet)
    {
        packet = null;
        return parsed is not { } complete || checker.Check(complete, size, out packet);
    }
}
