using System.Buffers;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using System.Text.Unicode;
using ActorSocket.Protocol;
using ActorSocket.Protocol.SocketIo;

namespace ActorSocket.Fuzz;

/// <summary>
/// What both parsers must keep to: what was read can be bound or is refused, and is the same once more when it is emitted on.
/// </summary>
internal static class Packets
{
    private static readonly ProtocolLimits NoLimits = new()
    {
        MaxAttachments = int.MaxValue,
        MaxAttachmentsBytes = int.MaxValue,
        MaxJsonDepth = 200,
        MaxEventNameBytes = int.MaxValue,
    };

    private static readonly Func<SocketArgument, object?>[] Bindings =
    [
        static one => one.As<string>(),
        static one => one.As<int>(),
        static one => one.As<double?>(),
        static one => one.As<bool>(),
        static one => one.As<JsonElement>(),
        static one => one.As<object>(),
        static one => one.As<byte[]>(),
        static one => one.As<byte[][]>(),
        static one => one.As<Stream>(),
        static one => one.As<Dictionary<string, object>>(),
        static one => one.As<Dictionary<string, JsonElement>>(),
        static one => one.As<JsonNode>(),
        static one => one.As<JsonObject>(),
        static one => one.As<List<object>>(),
        static one => one.As<DateTime>(),
        static one => one.As<Guid>(),
        static one => one.As<SocketArgument>(),
        static one => one.As<Shape>(),
        static one => one.As<JsonDocument>(),
        static one => one.ToJsonElement(),
        static one => one.ToString(),
    ];

    public static PacketDecoder NewDecoder(ProtocolLimits? limits = null) =>
        new(limits ?? new ProtocolLimits(), new NameTable(), SocketJson.Default);

    /// <summary>Binds arguments to types they may not fit. A JsonException is what a handler's caller gets to see.</summary>
    public static void Bind(FuzzInput input, SocketIoPacket packet)
    {
        if (packet.Arguments.Count == 0)
            return;
        var argument = packet.Arguments[input.Dice.Below(packet.Arguments.Count)];
        var binding = input.Dice.Pick<Func<SocketArgument, object?>>(Bindings);
        input.Bounded(200, 65_536, () =>
        {
            try
            {
                binding(argument);
            }
            catch (JsonException)
            {
                // It is of another shape.
            }
        });
    }

    /// <summary>Emitted on twice, the second is the first.</summary>
    public static void EmitOn(FuzzInput input, SocketIoPacket packet, PacketWriter writer, Func<EncodedFrame, SocketIoPacket?> read)
    {
        EncodedFrame Emitted(SocketIoPacket one) =>
            new(writer.Event("/", "e", -1, new EventArguments<SocketArguments>(one.Arguments)));

        EncodedFrame once = EncodedFrame.Noop;
        input.Bounded(400, 65_536, () => once = Emitted(packet));
        var again = read(once);
        FuzzInput.Hold(again is not null, $"what was emitted on cannot be read: {Describe(once)}");
        FuzzInput.Hold(
            again!.Arguments.Count == packet.Arguments.Count,
            $"{packet.Arguments.Count} arguments became {again.Arguments.Count}: {Describe(once)}"
        );
        var twice = Emitted(again);
        FuzzInput.Hold(
            string.Equals(Describe(once), Describe(twice), StringComparison.Ordinal),
            $"{Describe(once)} became {Describe(twice)}"
        );
    }

    public static SocketIoPacket? Read(EncodedFrame packet, IPacketDecoder decoder)
    {
        SocketIoPacket? read = null;
        if (packet.Text.Length > 0 && !decoder.AddText(packet.Text[1..], out read))
            return null;
        foreach (var attachment in packet.Attachments)
        {
            if (!decoder.AddBinary(attachment, out read))
                return null;
        }
        return read;
    }

    public static SocketIoPacket? ReadText(EncodedFrame packet) => Read(packet, NewDecoder(NoLimits));

    public static SocketIoPacket? ReadMessagePack(EncodedFrame packet) =>
        Read(packet, new ParserPacketDecoder(SocketIoParser.MessagePack.CreateDecoder(), NewDecoder(NoLimits)));

    /// <summary>No more is looked through than there is, however often one looks.</summary>
    public static void HoldScanned(FuzzInput input, long before, int times) =>
        FuzzInput.Hold(
            Placeholder.BytesScanned - before <= ((long)times * input.Bytes.Length) + (times > 1 ? 1000 : 0),
            $"{Placeholder.BytesScanned - before} of {input.Bytes.Length} bytes were looked through"
        );

    private static string Describe(EncodedFrame packet) =>
        Encoding.UTF8.GetString(packet.Text)
        + string.Concat(packet.Attachments.Select(static attachment => $" <{Convert.ToHexString(attachment)}>"));

    private sealed record Shape(string? A, int Num, byte[]? Message, JsonElement X, Shape? Nested);
}

/// <summary>Socket.IO's own text form, with attachments.</summary>
internal sealed class TextPacketTarget : Target
{
    private static readonly PacketWriter Writer = new(SocketJson.Default);

    public override string Name => "text";

    public override int Inputs => 200_000;

    public override void Run(FuzzInput input)
    {
        var dice = input.Dice;
        var attachments = dice.OneIn(2) ? 0 : 1 + dice.Few(4);
        var (arguments, json) = (dice.Few(4), new StringBuilder());
        var isAck = dice.OneIn(4);
        json.Append((attachments > 0 ? 5 : 2) + (isAck ? 1 : 0));
        json.Append(attachments > 0 ? $"{attachments}-" : "")
            .Append(dice.OneIn(4) ? "/ns," : "")
            .Append(isAck || dice.OneIn(3) ? $"{dice.Below(1000)}" : "");
        json.Append(
            isAck ? "[" : "[\"" + (Grammar.Text(dice) is var name && name.Length < 200 ? "e" + name : "e") + (arguments > 0 ? "\"," : "\"")
        );
        for (var left = arguments; left > 0; left--)
        {
            if (dice.OneIn(1000))
                Nest(dice, json, attachments);
            else
                Grammar.Json(dice, json, attachments, 5);
            json.Append(left > 1 ? "," : "");
        }
        json.Append(']');
        var whole = Encoding.UTF8.GetBytes(json.ToString());
        var isSpoilt = !dice.OneIn(3);
        input.Bytes = isSpoilt && whole.Length < 8000 ? Mutator.Mutate(dice, whole) : whole;

        var decoder = Packets.NewDecoder();
        SocketIoPacket? packet = null;
        var accepted = false;
        var scanned = Placeholder.BytesScanned;
        input.Bounded(40, 16_384, () =>
        {
            accepted = decoder.AddText(input.Bytes, out packet);
            while (accepted && packet is null)
                accepted = decoder.AddBinary([1, 2, 3], out packet);
        });
        Packets.HoldScanned(input, scanned, 1);
        FuzzInput.Hold(accepted || decoder.Error != PacketError.None, "it was refused without a reason");
        if (!isSpoilt)
            FuzzInput.Hold(
                accepted && packet!.Arguments.Count == arguments && (arguments == 0 || packet.Arguments.Attachments.Length == attachments),
                $"it is right, but was {(accepted ? "misread" : decoder.Error)}"
            );
        if (packet is null || !Utf8.IsValid(input.Bytes))
            return; // a transport refuses what is no UTF-8
        Packets.Bind(input, packet);
        Packets.EmitOn(input, packet, Writer, Packets.ReadText);
        Packets.HoldScanned(input, scanned, 16);
    }

    /// <summary>Deep, and long.</summary>
    private static void Nest(Dice dice, StringBuilder json, int attachments)
    {
        var (open, close) = dice.Pick<(string, string)>([
            ("{\"a\":", "}"),
            ("[", "]"),
            ("{\"_placeholder\":false,\"a\":", ",\"num\":0}"),
            ("{\"num\":0,\"a\":", ",\"_placeholder\":null}"),
        ]);
        var depth = 1 + dice.Below(55);
        for (var i = 0; i < depth; i++)
            json.Append(open);
        json.Append('[');
        for (var left = dice.Below(dice.OneIn(10) ? 20_000 : 1_000); left > 0; left--)
            json.Append("1,");
        Grammar.Json(dice, json, attachments, 2);
        json.Append(']');
        for (var i = 0; i < depth; i++)
            json.Append(close);
    }
}

/// <summary>The MessagePack parser.</summary>
internal sealed class MessagePackTarget : Target
{
    private static readonly PacketWriter Writer = new(SocketJson.Default, SocketIoParser.MessagePack);

    public override string Name => "msgpack";

    public override int Inputs => 150_000;

    public override void Run(FuzzInput input)
    {
        var dice = input.Dice;
        var output = new ArrayBufferWriter<byte>();
        var hasId = dice.OneIn(3);
        Grammar.Count(dice, output, 0x80, 0xDE, 3 + (hasId ? 1 : 0) + 1);
        Key("type");
        Grammar.WholeNumber(dice, output, 2);
        Key("nsp");
        Grammar.MessagePackText(dice, output, dice.OneIn(3) ? "/ns" : "/");
        if (hasId)
        {
            Key("id");
            Grammar.WholeNumber(dice, output, (byte)dice.Below(100));
        }
        Key("data");
        var arguments = dice.Few(4);
        Grammar.Count(dice, output, 0x90, 0xDC, 1 + arguments);
        Grammar.MessagePackText(dice, output, "e" + dice.Pick<string>(["", "é", "😀", "message"]));
        for (; arguments > 0; arguments--)
        {
            if (dice.OneIn(1000))
                Nest(dice, output);
            else
                Grammar.MessagePack(dice, output, 5);
        }
        Grammar.MessagePack(dice, output, 2); // a key that nobody knows, and its value
        Grammar.MessagePack(dice, output, 2);
        var isSpoilt = !dice.OneIn(3);
        input.Bytes =
            isSpoilt && output.WrittenCount < 8000 ? Mutator.Mutate(dice, output.WrittenSpan.ToArray()) : output.WrittenSpan.ToArray();

        SocketIoPacket? packet = null;
        var decoder = Packets.NewDecoder();
        var accepted = false;
        var scanned = Placeholder.BytesScanned;
        input.Bounded(500, 65_536, () =>
        {
            try
            {
                // Not by way of ParserPacketDecoder, which takes any exception for a refusal.
                var parsed = SocketIoParser.MessagePack.CreateDecoder().AddBinary(input.Bytes);
                accepted = decoder.Check(parsed!.Value, input.Bytes.Length, out packet);
            }
            catch (FormatException)
            {
                accepted = false;
            }
        });
        if (!isSpoilt)
            FuzzInput.Hold(accepted, $"it is right, but was refused: {decoder.Error}");
        if (packet is null)
            return;
        Packets.Bind(input, packet);
        Packets.EmitOn(input, packet, Writer, Packets.ReadMessagePack);
        FuzzInput.Hold(Placeholder.BytesScanned - scanned <= (500L * input.Bytes.Length) + 10_000, "too much was looked through");

        void Key(string key) => Grammar.MessagePackText(dice, output, key);
    }

    private static void Nest(Dice dice, ArrayBufferWriter<byte> output)
    {
        var depth = 1 + dice.Below(50);
        for (var i = 0; i < depth; i++)
            output.Put(dice.Pick<byte[]>([[0x91], [0x81, 0xA1, (byte)'a'], [0x81, 0xAC, .. "_placeholder"u8]]));
        var items = dice.Below(dice.OneIn(10) ? 20_000 : 1_000);
        output.Put([0xDC, (byte)(items >> 8), (byte)items]);
        var item = dice.Pick<byte[]>([[0x01], [0xC0], [0xA1, 0x01], [0x80]]);
        for (; items > 0; items--)
            output.Write(item);
    }
}
