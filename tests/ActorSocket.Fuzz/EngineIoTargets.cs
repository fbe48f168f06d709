using System.Buffers;
using System.Text;
using System.Text.Unicode;
using ActorSocket.Protocol;
using ActorSocket.Protocol.EngineIo;
using ActorSocket.Protocol.WebSockets;

namespace ActorSocket.Fuzz;

/// <summary>Long-polling payloads of Engine.IO protocol 4.</summary>
internal sealed class PayloadTarget : Target
{
    private static readonly ProtocolLimits Limits = new() { MaxPacketsPerPayload = 1000 };

    public override string Name => "payload";

    public override int Inputs => 250_000;

    public override void Run(FuzzInput input)
    {
        var dice = input.Dice;
        var packets = new List<string>();
        for (var left = 1 + dice.Few(dice.OneIn(500) ? 2000 : 6); left > 0; left--)
            packets.Add(
                dice.OneIn(4) ? "b" + Convert.ToBase64String(dice.Bytes(dice.Few(30))) : (char)('0' + dice.Below(7)) + Grammar.Text(dice)
            );
        var whole = Encoding.UTF8.GetBytes(string.Join('\u001e', packets));
        var isSpoilt = !dice.OneIn(4);
        input.Bytes = isSpoilt ? Mutator.Mutate(dice, whole) : whole;

        var (count, failed) = (0, false);
        input.Bounded(40, 1024, () =>
        {
            var reader = new PollingPayloadReader(input.Bytes, Limits);
            while (reader.TryRead(out _))
                count++;
            failed = reader.Failed;
        });
        if (!isSpoilt)
            FuzzInput.Hold(
                (count, failed) == (Math.Min(packets.Count, 1000), packets.Count > 1000),
                $"{count} of {packets.Count} packets were read, failed: {failed}"
            );
        else if (ReadPlainly(input.Bytes) is { } expected)
            FuzzInput.Hold((count, failed) == expected, $"{count} packets were read, failed: {failed}; by the grammar it is {expected}");
    }

    /// <summary>The grammar once more, by strings; null where base64 has a say.</summary>
    private static (int Count, bool Failed)? ReadPlainly(byte[] payload)
    {
        if (!Utf8.IsValid(payload))
            return (0, true);
        var count = 0;
        foreach (var packet in Encoding.UTF8.GetString(payload).Split('\u001e'))
        {
            if (packet.StartsWith('b'))
                return null;
            if (packet.Length == 0 || packet[0] is < '0' or > '6' || count == 1000)
                return (count, true);
            count++;
        }
        return (count, false);
    }
}

/// <summary>Long-polling payloads of Engine.IO protocol 3, in both of their forms.</summary>
internal sealed class Revision3Target : Target
{
    private static readonly ProtocolLimits Limits = new();

    public override string Name => "revision3";

    public override int Inputs => 300_000;

    public override void Run(FuzzInput input)
    {
        var dice = input.Dice;
        var output = new ArrayBufferWriter<byte>();
        var binaryForm = dice.OneIn(2);
        var packets = 1 + dice.Few(6);
        for (var left = packets; left > 0; left--)
        {
            if (binaryForm && dice.OneIn(3))
                Revision3Payload.WriteBinaryFormOf(output, dice.Bytes(dice.Few(30)));
            else if (binaryForm)
                Revision3Payload.WriteBinaryForm(output, Encoding.UTF8.GetBytes("4" + Grammar.Text(dice)));
            else
                Revision3Payload.WriteText(
                    output,
                    Encoding.UTF8.GetBytes(
                        dice.OneIn(4) ? "b4" + Convert.ToBase64String(dice.Bytes(dice.Few(30))) : "4" + Grammar.Text(dice)
                    )
                );
        }
        var isSpoilt = !dice.OneIn(4);
        input.Bytes = isSpoilt ? Mutator.Mutate(dice, output.WrittenSpan.ToArray()) : output.WrittenSpan.ToArray();

        var (count, failed) = (0, false);
        input.Bounded(40, 1024, () =>
        {
            var reader = new Revision3PayloadReader(input.Bytes, binaryForm, Limits);
            while (reader.TryRead(out _))
                count++;
            failed = reader.Failed;
        });
        if (!isSpoilt)
            FuzzInput.Hold((count, failed) == (packets, false), $"{count} of {packets} packets were read, failed: {failed}");
    }
}

/// <summary>WebSocket frames: however they come in pieces, the messages are the same.</summary>
internal sealed class FrameTarget : Target
{
    private static readonly ProtocolLimits Limits = new() { MaxMessageBytes = 20_000, MaxFragments = 50 };

    public override string Name => "frames";

    public override int Inputs => 150_000;

    public override void Run(FuzzInput input)
    {
        var dice = input.Dice;
        var (frames, expected) = MakeFrames(dice);
        var isSpoilt = !dice.OneIn(3);
        input.Bytes = isSpoilt ? Mutator.Mutate(dice, frames) : frames;

        List<string> whole = [], pieces = [];
        input.Bounded(64, 16_384, () => whole = Read(new ReadOnlySequence<byte>((byte[])input.Bytes.Clone())));
        pieces = ReadInPieces(dice, input.Bytes);
        FuzzInput.Hold(
            whole.SequenceEqual(pieces, StringComparer.Ordinal),
            $"whole: {string.Join(' ', whole)}; in pieces: {string.Join(' ', pieces)}"
        );
        if (!isSpoilt)
            FuzzInput.Hold(
                whole.SequenceEqual(expected, StringComparer.Ordinal),
                $"read: {string.Join(' ', whole)}; sent: {string.Join(' ', expected)}"
            );
    }

    private static (byte[] Frames, List<string> Expected) MakeFrames(Dice dice)
    {
        var output = new List<byte>();
        var expected = new List<string>();
        for (var left = 1 + dice.Few(4); left > 0; left--)
        {
            var isText = dice.OneIn(2);
            var data = isText ? Encoding.UTF8.GetBytes(Grammar.Text(dice)) : dice.Bytes(dice.Few(dice.OneIn(100) ? 20_000 : 200));
            var at = 0;
            var opcode = (byte)(isText ? 1 : 2);
            for (var more = dice.Below(4); more > 0; more--)
            {
                var length = dice.Below(data.Length - at + 1);
                output.AddRange(Grammar.Frame(dice, opcode, fin: false, data.AsSpan(at, length)));
                (opcode, at) = (0, at + length);
                if (!dice.OneIn(4))
                    continue;
                var ping = dice.Bytes(dice.Few(20));
                output.AddRange(Grammar.Frame(dice, 9, fin: true, ping));
                expected.Add("Ping " + Convert.ToHexString(ping));
            }
            output.AddRange(Grammar.Frame(dice, opcode, fin: true, data.AsSpan(at)));
            expected.Add((isText ? "Text " : "Binary ") + Convert.ToHexString(data));
        }
        if (dice.OneIn(3))
        {
            output.AddRange(Grammar.Frame(dice, 8, fin: true, dice.OneIn(2) ? [] : [0x03, 0xE8, (byte)'x']));
            expected.Add("Close");
        }
        return ([.. output], expected);
    }

    private static List<string> Read(ReadOnlySequence<byte> buffer)
    {
        using var reader = new FrameReader(Limits);
        var read = new List<string>();
        ReadAll(reader, ref buffer, read);
        return read;
    }

    private static List<string> ReadInPieces(Dice dice, byte[] bytes)
    {
        using var reader = new FrameReader(Limits);
        var read = new List<string>();
        byte[] left = [];
        for (var at = 0; at < bytes.Length;)
        {
            var length = Math.Min(bytes.Length - at, 1 + dice.Few(dice.OneIn(3) ? 5 : 2000));
            byte[] all = [.. left, .. bytes.AsSpan(at, length)];
            at += length;
            var cut = dice.Below(all.Length + 1);
            var first = new Segment(all.AsMemory(0, cut), null);
            var second = new Segment(all.AsMemory(cut), first);
            var buffer = new ReadOnlySequence<byte>(first, 0, second, second.Memory.Length);
            if (!ReadAll(reader, ref buffer, read))
                break;
            left = buffer.ToArray();
            FuzzInput.Hold(left.Length <= 14 + 125, $"{left.Length} bytes were left for later");
        }
        return read;
    }

    /// <summary>False at the end: a close frame, or an error.</summary>
    private static bool ReadAll(FrameReader reader, ref ReadOnlySequence<byte> buffer, List<string> read)
    {
        while (true)
        {
            var result = reader.Read(ref buffer, out var message);
            switch (result)
            {
                case FrameResult.NeedMore: return true;
                case FrameResult.Error:
                    read.Add("Error " + reader.ErrorCode);
                    return false;
                case FrameResult.Close:
                    read.Add("Close");
                    return false;
                default: read.Add(result + " " + Convert.ToHexString(message.Data)); break;
            }
        }
    }

    private sealed class Segment : ReadOnlySequenceSegment<byte>
    {
        public Segment(ReadOnlyMemory<byte> memory, Segment? before)
        {
            Memory = memory;
            if (before is null)
                return;
            RunningIndex = before.RunningIndex + before.Memory.Length;
            before.Next = this;
        }
    }
}
