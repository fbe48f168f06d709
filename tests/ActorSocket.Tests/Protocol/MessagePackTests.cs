using System.Text;
using System.Text.Json;
using CsCheck;
using ActorSocket.Protocol;
using ActorSocket.Protocol.SocketIo;

namespace ActorSocket.Tests.Protocol;

public sealed class MessagePackTests
{
    private static readonly PacketWriter Writer = new(SocketJson.Default, SocketIoParser.MessagePack);

    [Theory]
    [InlineData("83A474797065 00 A36E7370 A12F A464617461 D40000", SocketIoPacketType.Connect, "/", -1, "")] // the JavaScript client's CONNECT
    [InlineData("82A474797065 01 A36E7370 A22F61", SocketIoPacketType.Disconnect, "/a", -1, "")]
    [InlineData("83A474797065 02 A464617461 92A16107 A36E7370 A12F", SocketIoPacketType.Event, "/", -1, "[\"a\",7]")]
    [InlineData("84A474797065 03 A464617461 90 A26964 CD0100 A36E7370 A12F", SocketIoPacketType.Ack, "/", 256, "[]")]
    [InlineData("84A474797065 02 A464617461 91A161 A36E7370 A12F A76F7074696F6E73 81A8636F6D7072657373C3", SocketIoPacketType.Event, "/", -1, "[\"a\"]")] // options leak
    public void Packets_are_read(string hex, object type, string ns, long id, string json)
    {
        var decoder = NewDecoder();
        Assert.True(decoder.AddBinary(Convert.FromHexString(hex.Replace(" ", "", StringComparison.Ordinal)), out var packet), decoder.Error.Describe());
        Assert.Equal((type, ns, id), ((object)packet!.Type, packet.Namespace, packet.AckId));
        if (packet.Type == SocketIoPacketType.Event)
            Assert.Equal("a", packet.EventName);
        Assert.Equal(json, packet.Type == SocketIoPacketType.Connect ? Encoding.UTF8.GetString(packet.Auth.Span) : json);
    }

    [Theory]
    [InlineData("CA3FC00000", "1.5")]
    [InlineData("CBBFF8000000000000", "-1.5")]
    [InlineData("CB7FF8000000000000", "null")] // NaN
    [InlineData("CF FFFFFFFFFFFFFFFF", "18446744073709551615")]
    [InlineData("D3 8000000000000000", "-9223372036854775808")]
    [InlineData("E0", "-32")]
    [InlineData("D0 80", "-128")]
    [InlineData("D40000", "null")] // undefined
    [InlineData("D7000000018BCFE56800", "\"2023-11-14T22:13:20.000Z\"")] // notepack's date
    [InlineData("D6FF6553F100", "\"2023-11-14T22:13:20.000Z\"")] // the standard's
    [InlineData("8201A162A161C0", "{\"1\":\"b\",\"a\":null}")]
    [InlineData("C403010203", "{\"_placeholder\":true,\"num\":0}")]
    [InlineData("C70200 0102", "{\"_placeholder\":true,\"num\":0}")] // ArrayBuffer
    public void Values_are_read(string hex, string json)
    {
        var packet = Read("83A474797065 02 A36E7370 A12F A464617461 92A161" + hex);
        Assert.Equal(json, packet.Arguments[0].ToString());
    }

    [Theory]
    [InlineData("")]
    [InlineData("C1")]
    [InlineData("80")]
    [InlineData("83A474797065 02 A36E7370 A12F A464617461 92A161")] // cut short
    [InlineData("83A474797065 02 A36E7370 A12F A464617461 91A161 00")] // more behind it
    [InlineData("83A474797065 05 A36E7370 A12F A464617461 91A161")] // no such type
    [InlineData("83A474797065 A132 A36E7370 A12F A464617461 91A161")] // a text for a type
    [InlineData("83A474797065 02 A36E7370 A12F A464617461 91A7636F6E6E656374")] // a reserved name
    [InlineData("83A474797065 02 A36E7370 A178 A464617461 91A161")] // a namespace without slash
    [InlineData("82A474797065 02 A36E7370 A12F")] // an event without data
    [InlineData("83A474797065 01 A36E7370 A12F A464617461 80")] // a disconnect with data
    [InlineData("83A474797065 02 A36E7370 A12F A464617461 DDFFFFFFFF")] // as many items as a client likes to claim
    public void Rubbish_is_rejected(string hex) => Assert.False(NewDecoder().AddBinary(Convert.FromHexString(hex.Replace(" ", "", StringComparison.Ordinal)), out _));

    [Theory]
    [InlineData(63, true)]
    [InlineData(64, false)]
    [InlineData(5000, false)]
    public void It_may_nest_as_deep_as_JSON(int depth, bool accepted) =>
        Assert.Equal(accepted, NewDecoder().AddBinary(Convert.FromHexString("83A474797065" + "02A36E7370A12FA464617461" + "92A161" + string.Concat(Enumerable.Repeat("91", depth)) + "C0"), out _));

    [Theory]
    [InlineData(4096, true)]
    [InlineData(4097, false)]
    public void It_may_have_as_many_binary_values_as_the_limit(int count, bool accepted) => Assert.Equal(
        accepted, NewDecoder().AddBinary(Convert.FromHexString($"83A47479706502A36E7370A12FA46461746192A161DC{count:X4}" + string.Concat(Enumerable.Repeat("C400", count))), out _));

    [Fact]
    public void Text_is_rejected() => Assert.False(NewDecoder().AddText("40"u8, out _));

    [Fact]
    public void What_is_encoded_is_decoded_again() => Gen.Select(Gen.String[0, 40], Gen.Long, Gen.Double, Gen.Byte.Array[0, 300].Array[0, 4], Gen.Long[-1, long.MaxValue]).Sample((text, integer, number, binary, ackId) =>
    {
        text = Encoding.UTF8.GetString(Encoding.UTF8.GetBytes(text)); // no lone surrogates
        number = double.IsFinite(number) ? number : 0;
        var sent = Writer.Event("/chat", "name", ackId, new EventArguments<string, long, double, byte[][]>(text, integer, number, binary));
        Assert.Empty(sent.Buffer);
        Assert.True(NewDecoder().AddBinary(Assert.Single(sent.Attachments), out var packet));
        Assert.Equal(("/chat", "name", ackId), (packet!.Namespace, packet.EventName, packet.AckId));
        Assert.Equal((text, integer, number), (packet.Arguments[0].As<string>(), packet.Arguments[1].As<long>(), packet.Arguments[2].As<double>()));
        Assert.Equal(binary, packet.Arguments[3].As<byte[][]>());
    });

    [Fact]
    public void No_input_throws() => Gen.OneOf(Gen.Byte, Gen.OneOfConst<byte>(0x83, 0xA4, 0x91, 0x80, 0xC4, 0xD4, 0xDD, 0xC0)).Array[0, 60].Sample(
        static bytes =>
        {
            NewDecoder().AddBinary(bytes, out _);
            NewDecoder().AddBinary([.. Convert.FromHexString("83A47479706502A36E7370A12FA464617461"), .. bytes], out _);
        },
        iter: 100_000);

    [Fact]
    public void A_parser_that_stumbles_over_a_message_costs_that_message()
    {
        var decoder = new ParserPacketDecoder(new Stumbling(), new PacketDecoder(new ProtocolLimits(), new NameTable(), SocketJson.Default));
        Assert.False(decoder.AddText("x"u8, out var packet));
        Assert.False(decoder.AddBinary([1], out packet));
        Assert.Null(packet);
        Assert.Equal(PacketError.InvalidPayload, decoder.Error);
    }

    private sealed class Stumbling : SocketIoParserDecoder
    {
        public override SocketIoParserPacket? AddText(ReadOnlySpan<byte> text) => throw new KeyNotFoundException();

        public override SocketIoParserPacket? AddBinary(ReadOnlySpan<byte> binary) => throw new InvalidOperationException();
    }

    private static SocketIoPacket Read(string hex)
    {
        Assert.True(NewDecoder().AddBinary(Convert.FromHexString(hex.Replace(" ", "", StringComparison.Ordinal)), out var packet));
        return packet!;
    }

    private static ParserPacketDecoder NewDecoder() =>
        new(SocketIoParser.MessagePack.CreateDecoder(), new PacketDecoder(new ProtocolLimits(), new NameTable(), SocketJson.Default));
}
