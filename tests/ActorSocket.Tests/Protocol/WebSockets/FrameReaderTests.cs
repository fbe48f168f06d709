using System.Buffers;
using System.Text;
using CsCheck;
using ActorSocket.Protocol;
using ActorSocket.Protocol.WebSockets;

namespace ActorSocket.Tests.Protocol.WebSockets;

public sealed class FrameReaderTests
{
    private static readonly byte[] Key = [0x37, 0xFA, 0x21, 0x3D];

    [Fact]
    public void A_fragmented_message_with_a_ping_in_between_is_one_message() =>
        Assert.Equal(
            ["ping:p", "text:hello"],
            Read([.. Frame(1, "he"u8, fin: false), .. Frame(9, "p"u8), .. Frame(0, "l"u8, fin: false), .. Frame(0, "lo"u8)])
        );

    [Theory]
    [InlineData(1002, 0x81, 0x00)] // not masked
    [InlineData(1002, 0xC1, 0x80)] // a reserved bit
    [InlineData(1002, 0x83, 0x80)] // an unknown opcode
    [InlineData(1002, 0x80, 0x80)] // a continuation of nothing
    [InlineData(1002, 0x09, 0x80)] // a fragmented ping
    [InlineData(1002, 0x89, 0xFE)] // a ping of 126 bytes
    public void A_broken_frame_has_its_close_code(int code, byte first, byte second) =>
        Assert.Equal(["error:" + code], Read([first, second, 0, 126, .. Key, 0, 0, 0, 0]));

    [Fact]
    public void A_message_may_be_as_big_as_the_limit_and_not_a_byte_bigger()
    {
        var limits = new ProtocolLimits { MaxMessageBytes = 1000 };
        Assert.Equal(["text:" + new string('x', 1000)], Read(Frame(1, Encoding.ASCII.GetBytes(new string('x', 1000))), limits: limits));
        Assert.Equal(["error:1009"], Read(Frame(1, Encoding.ASCII.GetBytes(new string('x', 1001))), limits: limits));
        Assert.Equal(
            ["error:1009"],
            Read(
                [
                    .. Frame(1, Encoding.ASCII.GetBytes(new string('x', 600)), fin: false),
                    .. Frame(0, Encoding.ASCII.GetBytes(new string('x', 401))),
                ],
                limits: limits
            )
        );
    }

    [Fact]
    public void A_length_beyond_all_bounds_is_refused_by_its_header() =>
        Assert.Equal(["error:1009"], Read([0x82, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, .. Key]));

    [Fact]
    public void Endless_empty_fragments_are_ended()
    {
        var limits = new ProtocolLimits { MaxFragments = 10 };
        byte[] nine = [.. Enumerable.Range(0, 9).SelectMany(i => Frame((byte)(i == 0 ? 1 : 0), [], fin: false))];
        Assert.Equal(["text:x"], Read([.. nine, .. Frame(0, "x"u8)], limits: limits));
        Assert.Equal(["error:1008"], Read([.. nine, .. Frame(0, [], fin: false), .. Frame(0, "x"u8)], limits: limits));
    }

    [Fact]
    public void Text_must_be_utf8_over_the_whole_message()
    {
        var euro = Encoding.UTF8.GetBytes("€");
        Assert.Equal(["text:€"], Read([.. Frame(1, euro.AsSpan(0, 1), fin: false), .. Frame(0, euro.AsSpan(1))]));
        Assert.Equal(["error:1007"], Read(Frame(1, euro.AsSpan(0, 2))));
    }

    [Theory]
    [InlineData(new byte[0], "close:1005")]
    [InlineData(new byte[] { 0x03, 0xE8 }, "close:1000")]
    [InlineData(new byte[] { 0x0F, 0xA0, 0x78 }, "close:4000")]
    [InlineData(new byte[] { 0x03 }, "error:1002")]
    [InlineData(new byte[] { 0x03, 0xED }, "error:1002")]
    [InlineData(new byte[] { 0x03, 0xE8, 0xFF }, "error:1007")]
    public void A_close_frame_is_checked(byte[] payload, string expected) => Assert.Equal([expected], Read(Frame(8, payload)));

    [Fact]
    public void Any_cut_into_reads_and_segments_gives_the_same_messages() =>
        Gen.Select(Gen.Byte.Array[0, 300].Array[1, 6], Gen.Int[1, 40].Array[1, 10], Gen.Int[1, 30])
            .Sample(
                (payloads, cuts, segment) =>
                {
                    byte[] stream =
                    [
                        .. payloads.SelectMany(
                            static (payload, i) =>
                                i % 2 == 0
                                    ? Frame(2, payload)
                                    :
                                    [
                                        .. Frame(2, payload.AsSpan(0, payload.Length / 2), fin: false),
                                        .. Frame(9, "!"u8),
                                        .. Frame(0, payload.AsSpan(payload.Length / 2)),
                                    ]
                        ),
                    ];
                    Assert.Equal(Read(stream), Read(stream, cuts, segment));
                }
            );

    [Fact]
    public void No_input_throws() =>
        Gen.OneOf(Gen.Byte, Gen.OneOfConst<byte>(0x81, 0x82, 0x01, 0x00, 0x80, 0x88, 0x89, 0xFE, 0xFF))
            .Array[0, 60]
            .Sample(static bytes => Read(bytes, [7, 1, 3], 5), iter: 50_000);

    private static byte[] Frame(byte opcode, ReadOnlySpan<byte> payload, bool fin = true)
    {
        var header = new byte[10];
        var size = FrameWriter.WriteHeader(header, opcode, payload.Length);
        if (!fin)
            header[0] &= 0x7F;
        header[1] |= 0x80;
        byte[] frame = [.. header[..size], .. Key, .. payload];
        for (var i = 0; i < payload.Length; i++)
            frame[size + 4 + i] ^= Key[i & 3];
        return frame;
    }

    /// <summary>
    /// Reads a stream that arrives in pieces of these lengths, in segments of at most that length; by default all at once.
    /// </summary>
    private static List<string> Read(byte[] stream, int[]? cuts = null, int segment = int.MaxValue, ProtocolLimits? limits = null)
    {
        using var reader = new FrameReader(limits ?? new ProtocolLimits());
        var messages = new List<string>();
        var rest = Array.Empty<byte>();
        var at = 0;
        for (var i = 0; at < stream.Length || i == 0; i++)
        {
            var length = Math.Min(cuts is null ? stream.Length : cuts[i % cuts.Length], stream.Length - at);
            rest = [.. rest, .. stream.AsSpan(at, length)];
            at += length;
            var buffer = Segments(rest, segment);
            while (true)
            {
                var kind = reader.Read(ref buffer, out var message);
                if (kind == FrameResult.NeedMore)
                    break;
                messages.Add(kind switch
                {
                    FrameResult.Text => "text:" + Encoding.UTF8.GetString(message.Data),
                    FrameResult.Binary => "binary:" + Convert.ToHexString(message.Data),
                    FrameResult.Ping => "ping:" + Encoding.UTF8.GetString(message.Data),
                    FrameResult.Pong => "pong",
                    FrameResult.Close => "close:" + message.CloseCode,
                    _ => "error:" + reader.ErrorCode,
                });
                if (kind == FrameResult.Error)
                    return messages;
            }
            rest = buffer.ToArray();
        }
        return messages;
    }

    private static ReadOnlySequence<byte> Segments(byte[] bytes, int length)
    {
        if (bytes.Length <= length)
            return new ReadOnlySequence<byte>([.. bytes]);
        var first = new Segment(bytes[..length], 0);
        var last = first;
        for (var at = length; at < bytes.Length; at += length)
            last = last.Append(bytes[at..Math.Min(bytes.Length, at + length)]);
        return new ReadOnlySequence<byte>(first, 0, last, last.Memory.Length);
    }

    private sealed class Segment : ReadOnlySequenceSegment<byte>
    {
        public Segment(byte[] bytes, long index)
        {
            Memory = bytes;
            RunningIndex = index;
        }

        public Segment Append(byte[] bytes)
        {
            var next = new Segment(bytes, RunningIndex + Memory.Length);
            Next = next;
            return next;
        }
    }
}
