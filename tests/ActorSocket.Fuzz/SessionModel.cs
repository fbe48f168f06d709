using System.Buffers;
using System.Text;
using ActorSocket.Protocol;
using ActorSocket.Protocol.EngineIo;
using ActorSocket.Protocol.SocketIo;
using ActorSocket.Protocol.WebSockets;

namespace ActorSocket.Fuzz;

/// <summary>What becomes of a session.</summary>
internal enum Fate
{
    /// <summary>It goes on.</summary>
    Lives,

    /// <summary>It ends.</summary>
    Ends,

    /// <summary>That depends on more than the model knows.</summary>
    Unknown,
}

/// <summary>
/// The protocols' rules for one session that has joined <c>/</c>, said once more: what may be sent, and what ends it. Codecs are those
/// under test; that they read what they should is other targets' business.
/// </summary>
internal sealed class SessionModel : IDisposable
{
    private static readonly ProtocolLimits Limits = new();

    private readonly PacketDecoder _decoder = new(Limits, new NameTable(), SocketJson.Default);
    private readonly FrameReader _frames = new(Limits);

    public Fate Fate { get; private set; } = Fate.Lives;

    /// <summary>Attachments are due: what comes next is to be one.</summary>
    public bool IsBetweenMessages => !_decoder.IsWaitingForAttachments;

    public void Dispose() => _frames.Dispose();

    public void Post(byte[] body)
    {
        var reader = new PollingPayloadReader(body, Limits);
        while (Fate == Fate.Lives && reader.TryRead(out var packet))
            Handle(packet);
        if (Fate == Fate.Lives && reader.Failed)
            Fate = Fate.Ends;
    }

    /// <summary>Whole frames. What is cut short makes the rest unknown.</summary>
    public void Frames(byte[] bytes)
    {
        var buffer = new ReadOnlySequence<byte>((byte[])bytes.Clone());
        while (Fate == Fate.Lives)
        {
            switch (_frames.Read(ref buffer, out var message))
            {
                case FrameResult.NeedMore:
                    if (!buffer.IsEmpty || !IsAtMessageStart(bytes))
                        Fate = Fate.Unknown;
                    return;
                case FrameResult.Error or FrameResult.Close: Fate = Fate.Ends; break;
                case FrameResult.Binary: Decoded(_decoder.AddBinary(message.Data.ToArray(), out var complete), complete); break;
                case FrameResult.Text when EngineIoReader.TryRead(message.Data, out var packet): Handle(packet); break;
                case FrameResult.Text: Fate = Fate.Ends; break;
                default: break;
            }
        }
    }

    /// <summary>Whether nothing of a message is left open, which the reader does not say: it is asked for one more.</summary>
    private static bool IsAtMessageStart(byte[] bytes)
    {
        using var again = new FrameReader(Limits);
        var buffer = new ReadOnlySequence<byte>([.. (byte[])bytes.Clone(), 0x82, 0x80, 0, 0, 0, 0]);
        while (true)
        {
            switch (again.Read(ref buffer, out var message))
            {
                case FrameResult.NeedMore or FrameResult.Error or FrameResult.Close: return false;
                case FrameResult.Binary when buffer.IsEmpty && message.Data.IsEmpty: return true;
                default: break;
            }
        }
    }

    private void Handle(in EngineIoPacket packet)
    {
        if (packet.Binary is { } binary)
        {
            Decoded(_decoder.AddBinary(binary, out var complete), complete);
            return;
        }
        switch (packet.Type)
        {
            case EngineIoPacketType.Message: Decoded(_decoder.AddText(packet.Data, out var decoded), decoded); break;
            case EngineIoPacketType.Ping or EngineIoPacketType.Close: Fate = Fate.Ends; break;
            default: break;
        }
    }

    private void Decoded(bool valid, SocketIoPacket? packet)
    {
        if (!valid)
            Fate = Fate.Ends;
        else if (packet is null or { Type: SocketIoPacketType.Event or SocketIoPacketType.Ack, Namespace: "/" })
            return;
        else
            Fate = packet.Type is SocketIoPacketType.Event or SocketIoPacketType.Ack or SocketIoPacketType.ConnectError
                ? Fate.Ends
                : Fate.Unknown;
    }

    /// <summary>A message of a client: mostly one that the server takes.</summary>
    public static byte[] Message(Dice dice)
    {
        switch (dice.Below(12))
        {
            case 0:
                return [(byte)'4', (byte)dice.Pick<byte>("0123456"u8)];
            case 1:
                return "3"u8.ToArray(); // a pong
            case 2:
                return "6"u8.ToArray();
            case 3:
                return "43999[1]"u8.ToArray(); // nobody waits for it
            case 4:
                return Encoding.UTF8.GetBytes(
                    $"451-[\"{dice.Pick<string>(["echo", "bytes", "json", "shape"])}\",{{\"_placeholder\":true,\"num\":{dice.Below(2)}}}]"
                );
            case 5:
                return Encoding.UTF8.GetBytes($"42{dice.Below(1000)}[\"{Grammar.Text(dice)}\"]");
            case 6:
                return Encoding.UTF8.GetBytes(
                    dice.Pick<string>([
                        "42/other,[\"x\"]",
                        "40/other,",
                        "41",
                        "40",
                        "2",
                        "1",
                        "44{}",
                        "9",
                        "4",
                        "42",
                        "42[\"throw\"]",
                        "427[\"late\"]",
                    ])
                );
            default:
                var json = new StringBuilder();
                Grammar.Json(dice, json, 0, 3);
                return Encoding.UTF8.GetBytes(
                    $"42{dice.Below(1000)}[\"{dice.Pick<string>(["echo", "number", "bytes", "json", "shape", "join", "nobody"])}\",{json}]"
                );
        }
    }
}
