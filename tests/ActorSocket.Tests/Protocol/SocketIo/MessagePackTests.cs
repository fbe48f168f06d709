using System.Text;
using System.Text.Json;
using CsCheck;
using ActorSocket.Protocol;
using ActorSocket.Protocol.SocketIo;

namespace ActorSocket.Tests.Protocol.SocketIo;

public sealed class MessagePackTests
{
    private static readonly PacketWriter Writer = new(SocketJson.Default, SocketIoParser.MessagePack);

    [Theory]
    // the JavaScript client's CONNECT
    [InlineData("83A474797065 00 A36E7370 A12F A464617461 D40000", SocketIoPacketType.Connect, "/", -1, "")]
    [InlineData("82A474797065 01 A36E7370 A22F61", SocketIoPacketType.Disconnect, "/a", -1, "")]
    [InlineData("83A474797065 02 A464617461 92A16107 A36E7370 A12F", SocketIoPacketType.Event, "/", -1, "[\"a\",7]")]
    [InlineData("84A474797065 03 A464617461 90 A26964 CD0100 A36E7370 A12F", SocketIoPacketType.Ack, "/", 256, "[]")]
    [InlineData(
        "84A474797065 02 A464617461 91A161 A36E7370 A12F A76F7074696F6E73 81A8636F6D7072657373C3",
        SocketIoPacketType.Event,
        "/",
        -1,
        "[\"a\"]"
    )] // options leak
    public void Packets_are_read(string hex, object type, string ns, long id, string json)
    {
        var decoder = NewDecoder();
        Assert.True(
            decoder.AddBinary(Convert.FromHexString(hex.Replace(" ", "", StringComparison.Ordinal)), out var packet),
            decoder.Error.Describe()
        );
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
    [InlineData("C70800 FFFFFFFFFFFFFFFF", "FFFFFFFFFFFFFFFF")] // new Uint8Array(8).fill(255), in browsers
    [InlineData("C70800 000000000000F83F", "000000000000F83F")] // new Float64Array([1.5])
    [InlineData("C8000800 0000000000000000", "0000000000000000")]
    [InlineData("C90000000800 0102030405060708", "0102030405060708")]
    [InlineData("C70000", "")]
    [InlineData("C70100 00", "00")]
    [InlineData("C70200 0102", "0102")]
    [InlineData("C70400 01020304", "01020304")]
    [InlineData("C71000 00000000000000000000000000000000", "00000000000000000000000000000000")]
    [InlineData("C408 0102030405060708", "0102030405060708")]
    public void Binary_of_any_length_is_binary(string hex, string bytes)
    {
        var packet = ReadEvent("91" + hex);
        Assert.Equal(bytes, Convert.ToHexString(packet.Arguments[0].As<byte[][]>()![0]));
    }

    [Theory]
    [InlineData("D7000000000000000000", "\"1970-01-01T00:00:00.000Z\"")]
    [InlineData("D700FFFFFFFFFFFFFFFF", "\"1969-12-31T23:59:59.999Z\"")]
    [InlineData("D700001EB208C2DC0000", "\"+275760-09-13T00:00:00.000Z\"")] // new Date(8.64e15), JavaScript's last
    [InlineData("D700FFE14DF73D240000", "\"-271821-04-20T00:00:00.000Z\"")] // its first
    [InlineData("D700001EB208C2DC0001", "null")] // one more is no date
    [InlineData("D7007FFFFFFFFFFFFFFF", "null")]
    [InlineData("D7008000000000000000", "null")]
    [InlineData("D7000000E677D21FDBFF", "\"9999-12-31T23:59:59.999Z\"")]
    [InlineData("D7000000E677D21FDC00", "\"+010000-01-01T00:00:00.000Z\"")]
    [InlineData("D700FFFFC77CEDD32800", "\"0001-01-01T00:00:00.000Z\"")]
    [InlineData("D700FFFFC77CEDD327FF", "\"0000-12-31T23:59:59.999Z\"")]
    [InlineData("D700FFFFC7758BD54400", "\"-000001-12-31T00:00:00.000Z\"")]
    [InlineData("C70CFF 00000000 7FFFFFFFFFFFFFFF", "null")] // the standard's, far out
    public void A_date_is_what_JavaScript_makes_of_it_in_JSON_also_beyond_the_years_of_NET(string hex, string json) =>
        Assert.Equal(json, ReadEvent(hex).Arguments[0].ToString());

    [Theory]
    [InlineData("D405 01", 5, "01")]
    [InlineData("D500 0102", 0, "0102")] // notepack's own type, of a length that it does not write
    [InlineData("D680 01020304", -128, "01020304")]
    [InlineData("D701 0102030405060708", 1, "0102030405060708")]
    [InlineData("D800 00000000000000000000000000000000", 0, "00000000000000000000000000000000")]
    [InlineData("C7037F 010203", 127, "010203")]
    [InlineData("C8000042", 66, "")]
    [InlineData("C90000000142 09", 66, "09")]
    public void An_extension_that_nobody_knows_is_its_number_and_its_bytes(string hex, int type, string bytes)
    {
        var pair = ReadEvent(hex).Arguments[0].As<object[]>()!;
        Assert.Equal((type, bytes), (((JsonElement)pair[0]).GetInt32(), Convert.ToHexString((byte[])pair[1])));
    }

    [Theory]
    [InlineData("81C0A161", """{"null":"a"}""")]
    [InlineData("82C2C3C3C2", """{"false":true,"true":false}""")]
    [InlineData("81D4000005", """{"undefined":5}""")]
    [InlineData("81CA3FC0000001", """{"1.5":1}""")]
    [InlineData("81CB400000000000000001", """{"2":1}""")]
    [InlineData("81D0FF01", """{"-1":1}""")]
    [InlineData("81C402C3A901", """{"é":1}""")]
    [InlineData("8181C0C001", """{"[object Object]":1}""")]
    [InlineData("81D7000000000000000000 01", """{"[object Object]":1}""")]
    [InlineData("82A161D40000A16201", """{"b":1}""")] // undefined is as good as missing
    [InlineData("92D40000D40007", "[null,null]")]
    public void What_JSON_cannot_say_is_read_as_JavaScript_writes_it(string hex, string json) =>
        Assert.Equal(json, ReadEvent(hex).Arguments[0].ToString());

    [Fact]
    public void An_argument_that_is_undefined_counts_as_missing_and_is_undefined_when_it_is_emitted_on()
    {
        // emit("a", undefined, 7, null, undefined)
        var packet = Read("83A474797065 02 A36E7370 A12F A464617461 95 A161 D40000 07 C0 D40000");
        Assert.Equal("[null,7,null,null]", Encoding.UTF8.GetString(packet.Arguments.ToJsonArray()));
        Assert.Equal(
            (0, 7, null, 0),
            (packet.Arguments[0].As<int>(), packet.Arguments[1].As<int>(), packet.Arguments[2].As<string>(), packet.Arguments[3].As<int>())
        );
        Assert.Throws<JsonException>(() => packet.Arguments[2].As<int>()); // null is null
        Assert.Equal(JsonValueKind.Null, packet.Arguments[3].As<JsonElement>().ValueKind);
        Assert.EndsWith(
            "95A179D4000007C0D40000",
            BeforeNamespace(new EncodedFrame(Writer.Event("/", "y", -1, new EventArguments<SocketArguments>(packet.Arguments)))),
            StringComparison.Ordinal
        );
        Assert.Equal(
            "42[\"y\",null,7,null,null]",
            Encoding.UTF8.GetString(
                new PacketWriter(SocketJson.Default)
                    .Event("/", "y", -1, new EventArguments<SocketArguments>(packet.Arguments))
                    .Bytes[2..]
            )
        );
        Assert.Equal([7], Read("83A474797065 03 A36E7370 A12F A464617461 92 D40000 C40107").Arguments[1].As<byte[]>()!);
    }

    [Theory]
    [InlineData("CA40000000", "CA40E00000")] // Float32
    [InlineData("CB4000000000000000", "CB401C000000000000")]
    [InlineData("CF0000000000000002", "D30000000000000007")]
    [InlineData("D102", "D107")]
    public void Type_and_id_are_numbers_of_any_form(string type, string id)
    {
        type = type.Length == 4 ? "D100" + type[2..] : type;
        id = id.Length == 4 ? "D100" + id[2..] : id;
        var packet = Read($"84A474797065 {type} A36E7370 A12F A464617461 91A161 A26964 {id}");
        Assert.Equal(("a", 7L), (packet.EventName!, packet.AckId));
    }

    [Theory]
    [InlineData("91C3")]
    [InlineData("92C007")]
    [InlineData("9180")]
    [InlineData("91C40101")]
    [InlineData("90")]
    [InlineData("91D40000")]
    public void An_event_whose_name_cannot_be_one_is_none_to_anybody(string data) =>
        Assert.Null(Read("83A474797065 02 A36E7370 A12F A464617461" + data).EventName);

    [Fact]
    public void A_map_that_looks_like_a_placeholder_is_a_map_on_its_way_in_and_out()
    {
        var packet = ReadEvent("82 AC5F706C616365686F6C646572 C3 A36E756D 00 C401 07"); // {_placeholder: true, num: 0}, bytes
        Assert.Equal([7], packet.Arguments[1].As<byte[]>()!);
        Assert.True(packet.Arguments[0].As<LooksLike>()!.Placeholder);
        Assert.Throws<JsonException>(() => packet.Arguments[0].As<byte[]>());

        var server = new PacketWriter(SocketJson.Default, SocketIoParser.MessagePack);
        foreach (
            var sent in new[]
            {
                new EncodedFrame(server.Event("/", "x", -1, new EventArguments<SocketArguments>(packet.Arguments))), // emitted on
                new EncodedFrame(server.Event("/", "x", -1, new EventArguments<LooksLike, byte[]>(new LooksLike(true, 0), [7]))),
            }
        )
            Assert.EndsWith(
                "A178 82AC5F706C616365686F6C646572C3A36E756D00 C40107".Replace(" ", "", StringComparison.Ordinal),
                BeforeNamespace(sent),
                StringComparison.Ordinal
            );

        // A map with a number that there is no attachment for used to close the connection.
        Assert.Equal(9, ReadEvent("82 AC5F706C616365686F6C646572 C3 A36E756D 09 C401 07").Arguments[0].As<LooksLike>()!.Num);
    }

    [Fact]
    public void A_parser_of_the_applications_that_hands_on_to_ours_writes_binary()
    {
        var packet = new SocketIoParserPacket(
            SocketIoParserPacketType.Event,
            "/",
            null,
            """["x",{"_placeholder":true,"num":0}]"""u8.ToArray(),
            [
                [7],
            ]
        );
        Assert.EndsWith(
            "A178C40107",
            BeforeNamespace(EncodedFrame.Of([], [.. SocketIoParser.MessagePack.Encode(packet).Binary], compress: true)),
            StringComparison.Ordinal
        );
    }

    [Theory]
    [InlineData("A0 C0")] // a key that nobody knows, and null
    [InlineData("80 C0")] // a key that is a map
    [InlineData("A0 91 C4 00")] // binary that nobody gets
    public void What_is_skipped_costs_no_more_than_its_bytes(string pair)
    {
        const int pairs = 60_000;
        var one = Convert.FromHexString(pair.Replace(" ", "", StringComparison.Ordinal));
        var packet = new List<byte>([0xDF, .. BigEndian(pairs + 3), 0xA4, .. "type"u8, 2, 0xA3, .. "nsp"u8, 0xA1, (byte)'/']);
        packet.AddRange([0xA4, .. "data"u8, 0x91, 0xA1, (byte)'e']);
        for (var i = 0; i < pairs; i++)
            packet.AddRange(one);
        byte[] bytes = [.. packet];
        var before = GC.GetAllocatedBytesForCurrentThread();
        Assert.NotNull(SocketIoParser.MessagePack.CreateDecoder().AddBinary(bytes));
        Assert.InRange(GC.GetAllocatedBytesForCurrentThread() - before, 0, 20_000);

        static byte[] BigEndian(int number) => [(byte)(number >> 24), (byte)(number >> 16), (byte)(number >> 8), (byte)number];
    }

    [Fact]
    public void Keys_that_are_maps_do_not_nest_without_end() =>
        Assert.False(
            NewDecoder()
                .AddBinary(
                    Convert.FromHexString("83A47479706502A36E7370A12FA464617461" + string.Concat(Enumerable.Repeat("81", 100_000))),
                    out _
                )
        );

    [Fact]
    public void Binary_in_the_auth_of_a_CONNECT_is_base64_text() =>
        Assert.Equal(
            """{"token":"AQI="}""",
            Encoding.UTF8.GetString(Read("83A474797065 00 A36E7370 A12F A464617461 81A5746F6B656E C4020102").Auth.Span)
        );

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
    public void Rubbish_is_rejected(string hex) =>
        Assert.False(NewDecoder().AddBinary(Convert.FromHexString(hex.Replace(" ", "", StringComparison.Ordinal)), out _));

    [Theory]
    [InlineData(63, true)]
    [InlineData(64, false)]
    [InlineData(5000, false)]
    public void It_may_nest_as_deep_as_JSON(int depth, bool accepted) =>
        Assert.Equal(
            accepted,
            NewDecoder()
                .AddBinary(
                    Convert.FromHexString(
                        "83A474797065" + "02A36E7370A12FA464617461" + "92A161" + string.Concat(Enumerable.Repeat("91", depth)) + "C0"
                    ),
                    out _
                )
        );

    [Theory]
    [InlineData(4096, true)]
    [InlineData(4097, false)]
    public void It_may_have_as_many_binary_values_as_the_limit(int count, bool accepted) =>
        Assert.Equal(
            accepted,
            NewDecoder()
                .AddBinary(
                    Convert.FromHexString(
                        $"83A47479706502A36E7370A12FA46461746192A161DC{count:X4}" + string.Concat(Enumerable.Repeat("C400", count))
                    ),
                    out _
                )
        );

    [Fact]
    public void Text_is_rejected() => Assert.False(NewDecoder().AddText("40"u8, out _));

    [Fact]
    public void What_is_encoded_is_decoded_again() =>
        Gen.Select(Gen.String[0, 40], Gen.Long, Gen.Double, Gen.Byte.Array[0, 300].Array[0, 4], Gen.Long[-1, long.MaxValue])
            .Sample(
                (text, integer, number, binary, ackId) =>
                {
                    text = Encoding.UTF8.GetString(Encoding.UTF8.GetBytes(text)); // no lone surrogates
                    number = double.IsFinite(number) ? number : 0;
                    var sent = Writer.Event(
                        "/chat",
                        "name",
                        ackId,
                        new EventArguments<string, long, double, byte[][]>(text, integer, number, binary)
                    );
                    Assert.True(sent.Bytes.IsEmpty);
                    Assert.True(NewDecoder().AddBinary(Assert.Single(sent.Attachments), out var packet));
                    Assert.Equal(("/chat", "name", ackId), (packet!.Namespace, packet.EventName, packet.AckId));
                    Assert.Equal(
                        (text, integer, number),
                        (packet.Arguments[0].As<string>(), packet.Arguments[1].As<long>(), packet.Arguments[2].As<double>())
                    );
                    Assert.Equal(binary, packet.Arguments[3].As<byte[][]>());
                }
            );

    [Fact]
    public void No_input_throws() =>
        Gen.OneOf(Gen.Byte, Gen.OneOfConst<byte>(0x83, 0xA4, 0x91, 0x80, 0xC4, 0xD4, 0xDD, 0xC0))
            .Array[0, 60]
            .Sample(
                static bytes =>
                {
                    NewDecoder().AddBinary(bytes, out _);
                    NewDecoder().AddBinary([.. Convert.FromHexString("83A47479706502A36E7370A12FA464617461"), .. bytes], out _);
                },
                iter: 100_000
            );

    [Fact]
    public void A_parser_that_stumbles_over_a_message_costs_that_message()
    {
        var decoder = new ParserPacketDecoder(
            new Stumbling(),
            new PacketDecoder(new ProtocolLimits(), new NameTable(), SocketJson.Default)
        );
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

    private sealed record LooksLike(
        [property: System.Text.Json.Serialization.JsonPropertyName("_placeholder")] bool Placeholder,
        [property: System.Text.Json.Serialization.JsonPropertyName("num")] int Num
    );

    private static string BeforeNamespace(EncodedFrame packet) =>
        Convert.ToHexString(Assert.Single(packet.Attachments)).Replace("A36E7370A12F", "", StringComparison.Ordinal);

    /// <summary>An event "a" with these arguments.</summary>
    private static SocketIoPacket ReadEvent(string arguments) =>
        Read(
            "83A474797065 02 A36E7370 A12F A464617461 DC0003 A161"
                + arguments
                + (arguments.Contains(" C401 07", StringComparison.Ordinal) ? "" : "C0")
        );

    private static SocketIoPacket Read(string hex)
    {
        Assert.True(NewDecoder().AddBinary(Convert.FromHexString(hex.Replace(" ", "", StringComparison.Ordinal)), out var packet));
        return packet!;
    }

    private static ParserPacketDecoder NewDecoder() =>
        new(SocketIoParser.MessagePack.CreateDecoder(), new PacketDecoder(new ProtocolLimits(), new NameTable(), SocketJson.Default));
}
