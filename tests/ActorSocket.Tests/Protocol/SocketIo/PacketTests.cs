using System.Text;
using System.Text.Json;
using CsCheck;
using ActorSocket.Protocol;
using ActorSocket.Protocol.EngineIo;
using ActorSocket.Protocol.SocketIo;

namespace ActorSocket.Tests.Protocol.SocketIo;

public sealed class PacketTests
{
    private static readonly ProtocolLimits Limits = new();
    private static readonly PacketWriter Writer = new(SocketJson.Default);

    [Theory]
    [InlineData("")]
    [InlineData("abc")]
    [InlineData("9")]
    [InlineData("2{}")]
    [InlineData("2[]")]
    [InlineData("2[true]")]
    [InlineData("2[null]")]
    [InlineData("2[{\"a\":1}]")]
    [InlineData("2[\"connect\"]")]
    [InlineData("2[\"disconnect\",\"x\"]")]
    [InlineData("2[\"newListener\"]")]
    [InlineData("2/a,[\"x\"")]
    [InlineData("2[\"x\"]1")]
    [InlineData("2abc[\"x\"]")]
    [InlineData("0[]")]
    [InlineData("0null")]
    [InlineData("0\"x\"")]
    [InlineData("1{}")]
    [InlineData("5")]
    [InlineData("51")]
    [InlineData("5a-")]
    [InlineData("51.2-")]
    [InlineData("50-[\"x\"]")]
    [InlineData("5-[\"x\"]")]
    [InlineData("511-[\"x\"]")]
    [InlineData("599999999999999999999-[\"x\"]")]
    [InlineData("3{\"a\":1}")]
    [InlineData("29999999999999999999[\"x\"]")]
    public void Rubbish_is_rejected(string text)
    {
        var decoder = NewDecoder();
        Assert.False(decoder.AddText(Encoding.UTF8.GetBytes(text), out var packet));
        Assert.Null(packet);
        Assert.NotEqual(PacketError.None, decoder.Error);
    }

    [Fact]
    public void Text_that_is_no_UTF_8_is_refused_or_read_and_never_throws() // found by the fuzzer
    {
        var decoder = NewDecoder();
        Assert.False(decoder.AddText(Convert.FromHexString("325B22656D657373612A655C6EEDA0BD225D"), out _));
        Assert.Equal(PacketError.InvalidPayload, decoder.Error);
    }

    [Theory]
    [InlineData("2[\"message\"]", "/", "message", -1, 0)]
    [InlineData("2[\"error\",1]", "/", "error", -1, 1)]
    [InlineData("2[\"__proto__\"]", "/", "__proto__", -1, 0)]
    [InlineData("2[7,\"x\"]", "/", "7", -1, 1)]
    [InlineData("212[\"a\",1,null]", "/", "a", 12, 2)]
    [InlineData("2/admin,007[\"a\"]", "/admin", "a", 7, 0)]
    [InlineData("29007199254740991[\"a\"]", "/", "a", 9007199254740991, 0)]
    [InlineData("2 [ \"mess\\u0061ge\" , 1 ]", "/", "message", -1, 1)]
    [InlineData("2", "/", null, -1, 0)]
    [InlineData("2[\"x\",{\"_placeholder\":false}]", "/", "x", -1, 1)]
    public void Events_are_read(string text, string ns, string? name, long ackId, int arguments)
    {
        Assert.True(NewDecoder().AddText(Encoding.UTF8.GetBytes(text), out var packet));
        Assert.Equal(
            (SocketIoPacketType.Event, ns, name, ackId, arguments),
            (packet!.Type, packet.Namespace, packet.EventName, packet.AckId, packet.Arguments.Count)
        );
    }

    [Theory]
    [InlineData("0", SocketIoPacketType.Connect, "/")]
    [InlineData("0/a", SocketIoPacketType.Connect, "/a")]
    [InlineData("0/a,{\"token\":1}", SocketIoPacketType.Connect, "/a")]
    [InlineData("0/admin{\"a\":1}", SocketIoPacketType.Connect, "/admin{\"a\":1}")]
    [InlineData("1/a,", SocketIoPacketType.Disconnect, "/a")]
    [InlineData("319", SocketIoPacketType.Ack, "/")]
    public void Other_packets_are_read(string text, object type, string ns)
    {
        Assert.True(NewDecoder().AddText(Encoding.UTF8.GetBytes(text), out var packet));
        Assert.Equal((type, ns), (packet!.Type, packet.Namespace));
    }

    [Theory]
    [InlineData("{\"_placeholder\":true,\"num\":1}")]
    [InlineData("{\"_placeholder\":true,\"num\":-1}")]
    [InlineData("{\"_placeholder\":true,\"num\":\"0\"}")]
    [InlineData("{\"_placeholder\":true}")]
    [InlineData("[{\"x\":{\"num\":7,\"_placeholder\":true}}]")]
    public void A_placeholder_without_its_attachment_is_rejected_when_the_last_one_is_there(string placeholder)
    {
        var decoder = NewDecoder();
        Assert.True(decoder.AddText(Encoding.UTF8.GetBytes($"51-[\"x\",{placeholder}]"), out _));
        Assert.False(decoder.AddBinary([1], out _));
        Assert.Equal(PacketError.IllegalPlaceholder, decoder.Error);
    }

    [Theory]
    [InlineData("""{"_placeholder":true,"num":0.0}""")] // a number to JavaScript as any other
    [InlineData("""{"_placeholder":true,"num":0e3}""")]
    [InlineData("""{"num":0,"x":[{}],"_placeholder":true}""")]
    [InlineData("""{"_placeholder":false,"num":9,"_placeholder":true,"num":0}""")] // the last one counts
    [InlineData("""{"\u005fplaceholder":true,"n\u0075m":0}""")]
    [InlineData("""{"_placeholder":true,"num":0,"x":{"_placeholder":true,"num":7}}""")] // what stands in one is not looked at
    public void A_placeholder_is_what_the_official_parser_takes_for_one(string placeholder)
    {
        var packet = ReadBinary($$"""51-["x",[{{placeholder}}],{"a":{{placeholder}}}]""", [7]);
        Assert.Equal([[7]], packet.Arguments[0].As<byte[][]>()!);
        Assert.Equal([7], packet.Arguments[1].As<Dictionary<string, byte[]>>()!["a"]);
        var again = Writer.Event("/", "y", -1, new EventArguments<SocketArguments>(packet.Arguments));
        Assert.Equal("""452-["y",[{"_placeholder":true,"num":0}],{"a":{"_placeholder":true,"num":1}}]""", Text(again));
    }

    [Theory]
    [InlineData("""{"_placeholder":1,"num":0}""")]
    [InlineData("""{"_placeholder":"true","num":0}""")]
    [InlineData("""{"_placeholder":true,"num":0,"_placeholder":null}""")]
    [InlineData("""{"x":{"y":["_placeholder",true]},"num":0}""")]
    public void What_only_looks_like_a_placeholder_stays_what_it_is(string json)
    {
        var packet = ReadBinary($$"""51-["x",{{json}}]""", [7]);
        Assert.Equal($"42[\"y\",{json}]", Text(Writer.Event("/", "y", -1, new EventArguments<SocketArguments>(packet.Arguments))));
    }

    [Theory]
    [InlineData("{\"a\":", "}")]
    [InlineData("{\"_placeholder\":true,\"a\":", ",\"num\":0}")]
    [InlineData("{\"_placeholder\":false,\"a\":", "}")]
    [InlineData("[{\"num\":0,\"a\":", "}]")]
    public void Looking_for_placeholders_reads_each_byte_once_however_deep_it_nests(string open, string close)
    {
        var depth = 60 / (open[0] == '[' ? 2 : 1);
        var nested =
            string.Concat(Enumerable.Repeat(open, depth))
            + "["
            + string.Join(',', Enumerable.Repeat("1", 5000))
            + "]"
            + string.Concat(Enumerable.Repeat(close, depth));
        var text = $$"""51-["x",{{nested}},{"_placeholder":true,"num":0}]""";

        var before = Placeholder.BytesScanned;
        var packet = ReadBinary(text, [7]);
        Assert.InRange(Placeholder.BytesScanned - before, 1, text.Length);

        before = Placeholder.BytesScanned;
        Writer.Event("/", "y", -1, new EventArguments<SocketArguments>(packet.Arguments));
        Assert.InRange(Placeholder.BytesScanned - before, 1, text.Length);

        before = Placeholder.BytesScanned;
        Record.Exception(() => packet.Arguments[0].As<object>()); // some have binary in them, which is no JSON
        Record.Exception(() => packet.Arguments[0].As<JsonElement>());
        Record.Exception(() => packet.Arguments[0].As<byte[]>());
        packet.Arguments[0].ToJsonElement();
        Assert.InRange(Placeholder.BytesScanned - before, 1, 5 * text.Length);
    }

    [Fact]
    public void Text_while_an_attachment_is_due_and_binary_while_none_is_are_rejected()
    {
        var decoder = NewDecoder();
        Assert.True(decoder.AddText("51-[\"x\"]"u8, out _));
        Assert.False(decoder.AddText("2[\"x\"]"u8, out _));
        Assert.Equal(PacketError.UnexpectedText, decoder.Error);
        decoder = NewDecoder();
        Assert.False(decoder.AddBinary([1], out _));
        Assert.Equal(PacketError.UnexpectedBinary, decoder.Error);
    }

    [Theory]
    [InlineData(63, true)] // and the packet's own array
    [InlineData(64, false)]
    public void Json_may_nest_as_deep_as_the_limit(int depth, bool accepted) =>
        Assert.Equal(
            accepted,
            NewDecoder().AddText(Encoding.UTF8.GetBytes("2[\"x\"," + new string('[', depth) + new string(']', depth) + "]"), out _)
        );

    [Theory]
    [InlineData(256, true)]
    [InlineData(257, false)]
    public void Names_may_be_as_long_as_the_limit(int length, bool accepted)
    {
        Assert.Equal(accepted, NewDecoder().AddText(Encoding.UTF8.GetBytes($"2[\"{new string('n', length)}\"]"), out _));
        Assert.Equal(accepted, NewDecoder().AddText(Encoding.UTF8.GetBytes($"0/{new string('n', length - 1)},"), out _));
    }

    [Fact]
    public void Binary_in_the_graph_becomes_attachments_depth_first()
    {
        byte[] twice = [1];
        var packet = Writer.Event(
            "/n",
            "e",
            3,
            new EventArguments<object, byte[]>(new { a = twice, b = new object[] { new ReadOnlyMemory<byte>([2, 3]), "x" } }, twice)
        );
        Assert.Equal(
            """453-/n,3["e",{"a":{"_placeholder":true,"num":0},"b":[{"_placeholder":true,"num":1},"x"]},{"_placeholder":true,"num":2}]""",
            Text(packet)
        );
        Assert.Equal(["01", "0203", "01"], packet.Attachments.Select(Convert.ToHexString), StringComparer.Ordinal);
    }

    [Fact]
    public void Arguments_are_emitted_on_as_they_came_with_their_attachments_renumbered()
    {
        var decoder = NewDecoder();
        Assert.True(
            decoder.AddText(
                """52-["x", { "a" : {"_placeholder":true,"num":1} , "t" : "é \" \u0041" }, {"_placeholder":true,"num":1}, 1e3 ]"""u8,
                out _
            )
        );
        Assert.True(decoder.AddBinary([1], out _));
        Assert.True(decoder.AddBinary([2], out var packet));
        var again = Writer.Event("/", "y", -1, new EventArguments<SocketArguments>(packet!.Arguments));
        Assert.Equal("""452-["y",{"a":{"_placeholder":true,"num":0},"t":"é \" \u0041"},{"_placeholder":true,"num":1},1e3]""", Text(again));
        Assert.Equal(["02", "02"], again.Attachments.Select(Convert.ToHexString), StringComparer.Ordinal);
    }

    [Theory]
    [InlineData("\"a  b\"", "\"a  b\"")]
    [InlineData("\"\\\\\" ", "\"\\\\\"")]
    [InlineData("\"\\\\\\\" x \"", "\"\\\\\\\" x \"")]
    [InlineData("{\"a b\":[1,\"] \"]}", "{\"a b\":[1,\"] \"]}")]
    [InlineData(" {\n\"a\" :\t[1 , \" , \"]\r}", "{\"a\":[1,\" , \"]}")]
    [InlineData("\"\"", "\"\"")]
    [InlineData("[[ ]]", "[[]]")]
    [InlineData("-1.5e3", "-1.5e3")]
    public void White_space_is_left_out_of_what_is_emitted_on_and_strings_are_left_alone(string json, string copied)
    {
        Assert.True(NewDecoder().AddText(Encoding.UTF8.GetBytes($"2[\"x\",{json}]"), out var packet));
        Assert.Equal($"42[\"y\",{copied}]", Text(Writer.Event("/", "y", -1, new EventArguments<SocketArguments>(packet!.Arguments))));
    }

    [Fact]
    public void Source_generated_contracts_are_honoured_and_carry_binary_too()
    {
        var json = new SocketJson(new JsonSerializerOptions { TypeInfoResolver = Contracts.Default });
        var sent = new PacketWriter(json).Event("/", "e", -1, new EventArguments<Parcel>(new Parcel("a", [1, 2])));
        Assert.Equal("""451-["e",{"to":"a","Data":{"_placeholder":true,"num":0}}]""", Text(sent));
        var decoder = new PacketDecoder(Limits, new NameTable(), json);
        Assert.True(decoder.AddText(sent.Bytes[(sent.TextOffset + 1)..], out _));
        Assert.True(decoder.AddBinary(sent.Attachments[0], out var packet));
        var parcel = packet!.Arguments[0].As<Parcel>()!;
        Assert.Equal("a", parcel.To);
        Assert.Equal([1, 2], parcel.Data);
        Assert.Throws<NotSupportedException>(() =>
            new PacketWriter(json).Event("/", "e", -1, new EventArguments<Uri>(new Uri("http://a")))
        ); // in no contract
    }

    [Fact]
    public void A_serialiser_that_throws_leaves_nothing_behind()
    {
        var circular = new List<object>();
        circular.Add(circular);
        Assert.ThrowsAny<JsonException>(() => Writer.Event("/", "e", -1, new EventArguments<byte[], object>([1], circular)));
        var packet = Writer.Event("/", "e", -1, new EventArguments<int>(1));
        Assert.Equal("42[\"e\",1]", Text(packet));
        Assert.Empty(packet.Attachments);
    }

    [Fact]
    public void What_is_encoded_is_decoded_again() =>
        Gen.Select(Gen.String[0, 20], Gen.Int, Gen.Byte.Array[0, 50].Array[0, 5], Gen.Long[-1, long.MaxValue])
            .Sample(
                (text, number, binary, ackId) =>
                {
                    var sent = Writer.Event("/chat", "name", ackId, new EventArguments<string, int, byte[][]>(Valid(text), number, binary));
                    var decoder = NewDecoder();
                    Assert.True(decoder.AddText(sent.Bytes[(sent.TextOffset + 1)..], out var packet));
                    foreach (var attachment in sent.Attachments)
                        Assert.True(decoder.AddBinary(attachment, out packet));
                    Assert.Equal(("/chat", "name", ackId), (packet!.Namespace, packet.EventName, packet.AckId));
                    Assert.Equal(Valid(text), packet.Arguments[0].As<string>());
                    Assert.Equal(number, packet.Arguments[1].As<int>());
                    Assert.Equal(binary, packet.Arguments[2].As<byte[][]>()!);
                }
            );

    [Fact]
    public void No_input_throws()
    {
        var alphabet = Gen.OneOfConst([.. "01235-/,[]{}\"\\:a \u001eb"u8, (byte)0xFF]);
        Gen.OneOf(Gen.Byte, alphabet).Array[0, 60].Sample(
            bytes =>
            {
                var decoder = NewDecoder();
                decoder.AddBinary(bytes, out _);
                decoder = NewDecoder();
                decoder.AddText(bytes, out _);
                EngineIoReader.TryRead(bytes, out _);
                var payload = new PollingPayloadReader(bytes, Limits);
                while (payload.TryRead(out _))
                {
                }
            },
            iter: 100_000);
    }

    [Theory]
    [InlineData("510-[\"x\"]", true)]
    [InlineData("511-[\"x\"]", false)]
    public void A_packet_may_have_as_many_attachments_as_the_limit(string text, bool accepted) =>
        Assert.Equal(accepted, NewDecoder().AddText(Encoding.UTF8.GetBytes(text), out _));

    [Theory]
    [InlineData(10, 10, true)]
    [InlineData(10, 11, false)]
    public void The_attachments_of_a_packet_may_be_as_big_together_as_their_own_limit(int first, int second, bool accepted)
    {
        var decoder = new PacketDecoder(
            new ProtocolLimits { MaxMessageBytes = 15, MaxAttachmentsBytes = 20 },
            new NameTable(),
            SocketJson.Default
        );
        Assert.True(decoder.AddText("""52-["x",{"_placeholder":true,"num":0},{"_placeholder":true,"num":1}]"""u8, out _));
        Assert.True(decoder.AddBinary(new byte[first], out _));
        Assert.Equal(accepted, decoder.AddBinary(new byte[second], out var packet));
        Assert.Equal(accepted, packet is not null);
    }

    private static SocketIoPacket ReadBinary(string text, params byte[][] attachments)
    {
        var decoder = NewDecoder();
        Assert.True(decoder.AddText(Encoding.UTF8.GetBytes(text), out var packet), decoder.Error.Describe());
        foreach (var attachment in attachments)
            Assert.True(decoder.AddBinary(attachment, out packet), decoder.Error.Describe());
        return packet!;
    }

    [Fact]
    public void A_packet_is_whole_though_a_converter_encodes_others_meanwhile()
    {
        PacketWriter? writer = null;
        var converter = new EmittingConverter(() => Text(writer!.Event("/inner", "in", 7, new EventArguments<string>("i"))));
        writer = new PacketWriter(new SocketJson(new JsonSerializerOptions { Converters = { converter } }));
        Assert.Equal(
            "42/outer,[\"out\",\"42/inner,7[\\\"in\\\",\\\"i\\\"]\"]",
            Text(writer.Event("/outer", "out", -1, new EventArguments<Emitting>(new Emitting())))
        );
    }

    [Theory]
    [InlineData(1)]
    [InlineData(200)]
    [InlineData(70_000)] // more than is kept between two packets
    public void One_packet_leaves_nothing_in_the_next(int size)
    {
        var text = new string('x', size);
        Assert.Equal($"42/a,5[\"e\",\"{text}\"]", Text(Writer.Event("/a", "e", 5, new EventArguments<string>(text))));
        Assert.Equal("43123[1]", Text(Writer.Ack("/", 123, new EventArguments<int>(1))));
        Assert.Equal(
            "452-/é,0[\"e\",{\"_placeholder\":true,\"num\":0},{\"_placeholder\":true,\"num\":1}]",
            Text(Writer.Event("/é", "e", 0, new EventArguments<byte[], byte[]>([1], [2])))
        );
    }

    private static PacketDecoder NewDecoder() => new(Limits, new NameTable(), SocketJson.Default);

    private static string Text(EncodedPacket packet) => Encoding.UTF8.GetString(packet.Bytes[packet.TextOffset..]);

    private static string Valid(string text) => Encoding.UTF8.GetString(Encoding.UTF8.GetBytes(text)); // no lone surrogates

    private sealed record Emitting;

    private sealed class EmittingConverter(Func<string> encode) : System.Text.Json.Serialization.JsonConverter<Emitting>
    {
        public override Emitting Read(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options) =>
            throw new NotSupportedException();

        public override void Write(Utf8JsonWriter writer, Emitting value, JsonSerializerOptions options) =>
            writer.WriteStringValue(encode());
    }

    internal sealed record Parcel([property: System.Text.Json.Serialization.JsonPropertyName("to")] string To, byte[] Data);
}

[System.Text.Json.Serialization.JsonSerializable(typeof(PacketTests.Parcel))]
internal sealed partial class Contracts : System.Text.Json.Serialization.JsonSerializerContext;
