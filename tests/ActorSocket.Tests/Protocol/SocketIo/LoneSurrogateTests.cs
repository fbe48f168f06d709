using System.Text;
using System.Text.Json;
using CsCheck;
using ActorSocket.Protocol;
using ActorSocket.Protocol.SocketIo;

namespace ActorSocket.Tests.Protocol.SocketIo;

/// <summary>Half an emoji, as "a😀".slice(0, 2) makes it in JavaScript.</summary>
public sealed class LoneSurrogateTests : ServerTest
{
    [Theory]
    [InlineData("""a\ud83d""", "a\uFFFD")]
    [InlineData("""\uDE00a""", "\uFFFDa")]
    [InlineData("""\uD83D\ude00""", "😀")]
    [InlineData("""\ud83d\ud83d\ude00\ude00""", "\uFFFD😀\uFFFD")]
    [InlineData("""\ude00\ud83d""", "\uFFFD\uFFFD")]
    [InlineData("""\ud83d\u0041""", "\uFFFDA")]
    [InlineData("""\ud83d\\ude00""", "\uFFFD\\ude00")]
    [InlineData("""\\ud83d""", "\\ud83d")]
    [InlineData("""\\\ud83d""", "\\\uFFFD")]
    [InlineData("\\\"\\ud83d\\\"", "\"\uFFFD\"")]
    [InlineData("""\ud83dé""", "\uFFFDé")]
    public void They_become_U_FFFD_wherever_they_stand(string json, string text)
    {
        var packet = Read($$$"""2["{{{json}}}","{{{json}}}",{"{{{json}}}":["{{{json}}}"],"x":{"text":"{{{json}}}"}}]""");
        Assert.Equal(text, packet.EventName);
        Assert.Equal(text, packet.Arguments[0].As<string>());
        Assert.Equal(text, packet.Arguments[0].As<JsonElement>().GetString());
        var element = packet.Arguments[1].ToJsonElement();
        Assert.Equal(text, element.EnumerateObject().First().Name);
        Assert.Equal(text, element.GetProperty(text)[0].GetString());
        Assert.Equal(text, packet.Arguments[1].As<Dictionary<string, JsonElement>>()!.Keys.First());
        Assert.Equal(text, packet.Arguments[1].As<Holder>()!.X!.Text);
        Assert.Equal(text, JsonElement.Parse(Read($$$"""0{"name":"{{{json}}}"}""").Auth.Span).GetProperty("name").GetString());
        Assert.Equal(text, Read($$"""31["{{json}}"]""").Arguments[0].As<string>());
    }

    [Fact]
    public void They_become_U_FFFD_beside_attachments_too()
    {
        var decoder = NewDecoder();
        Assert.True(decoder.AddText("""51-["\ud83d",{"_placeholder":true,"num":0},"b\ude00"]"""u8, out _));
        Assert.True(decoder.AddBinary([1], out var packet));
        Assert.Equal(("\uFFFD", "b\uFFFD"), (packet!.EventName!, packet.Arguments[1].As<string>()!));
        Assert.Equal([1], packet.Arguments[0].As<byte[]>()!);
    }

    [Fact]
    public void They_become_U_FFFD_in_what_another_parser_has_read()
    {
        var checker = NewDecoder();
        Assert.True(
            checker.Check(
                new SocketIoParserPacket(SocketIoParserPacketType.Event, "/", null, """["\ud83d","\ud83d"]"""u8.ToArray(), []),
                10,
                out var packet
            )
        );
        Assert.Equal(("\uFFFD", "\uFFFD"), (packet!.EventName!, packet.Arguments[0].As<string>()!));
    }

    [Theory]
    [InlineData("A3EDA0BD", "\uFFFD\uFFFD\uFFFD")] // a surrogate as if it were text, as Node's Buffer reads it
    [InlineData("A1FF", "\uFFFD")]
    [InlineData("A2F09F", "\uFFFD")]
    public void Text_in_MessagePack_that_is_no_UTF_8_is_mended_likewise(string hex, string text)
    {
        var decoder = new ParserPacketDecoder(SocketIoParser.MessagePack.CreateDecoder(), NewDecoder());
        Assert.True(
            decoder.AddBinary(
                Convert.FromHexString("83A47479706502A36E7370A12FA46461746193" + hex + hex + "81" + hex + hex),
                out var packet
            )
        );
        Assert.Equal((text, text), (packet!.EventName!, packet.Arguments[0].As<string>()!));
        Assert.Equal(text, packet.Arguments[1].As<Dictionary<string, string>>()![text]);
    }

    [Fact]
    public void What_has_none_is_not_copied_and_no_input_throws()
    {
        var text = """["a","\ud83d\ude00","\n\\","\u00e9"]"""u8.ToArray();
        Assert.True(LoneSurrogates.Mend(text) == text.AsSpan());
        Gen.OneOfConst("\\", "u", "d", "8", "D", "c", "3", "0", "\"", "\\ud83d", "\\ude00").Array[0, 40].Sample(
            static parts =>
            {
                var json = Encoding.UTF8.GetBytes(string.Concat(parts));
                var mended = LoneSurrogates.Mend(json);
                Assert.InRange(mended.Length, json.Length / 2, json.Length);
                Assert.True(LoneSurrogates.Mend(mended) == mended); // nothing is left
            },
            iter: 20_000);
    }

    [Fact]
    public async Task An_event_and_an_auth_with_one_reach_their_handlers()
    {
        var (socket, session, webSocket) = await JoinAsync(static socket =>
        {
            socket.On("echo", static (string text) => text);
            socket.On("as it came", static (SocketArguments text) => text);
            socket.On("\uFFFD", static (Dictionary<string, int> all) => all.Keys.Single());
            socket.On("join", async (string room) =>
            {
                await socket.JoinAsync(room);
                return socket.Rooms.Contains("\uFFFD", StringComparer.Ordinal);
            });
        });
        session.Send("""421["echo","a\ud83d"]""");
        Assert.Equal("431[\"a\uFFFD\"]", await webSocket.NextAsync());
        session.Send("""424["as it came","a\ud83d"]""");
        Assert.Equal("434[\"a\uFFFD\"]", await webSocket.NextAsync());
        session.Send("""422["\ud83d",{"\ud83d":1}]""");
        Assert.Equal("432[\"\uFFFD\"]", await webSocket.NextAsync());
        session.Send("""423["join","\ud800"]""");
        Assert.Equal("433[true]", await webSocket.NextAsync());
        Assert.Equal(JsonValueKind.Object, socket.Handshake.Auth.ValueKind);
    }

    private static SocketIoPacket Read(string text)
    {
        var decoder = NewDecoder();
        Assert.True(decoder.AddText(Encoding.UTF8.GetBytes(text), out var packet), decoder.Error.Describe());
        return packet!;
    }

    private static PacketDecoder NewDecoder() => new(new ProtocolLimits(), new NameTable(), SocketJson.Default);

    private sealed record Inner(string Text);

    private sealed record Holder(Inner? X);
}
