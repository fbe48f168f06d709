using System.Text;
using CsCheck;
using ActorSocket.Protocol.EngineIo;

namespace ActorSocket.Tests.Protocol.EngineIo;

public sealed class LenientBase64Tests
{
    // What Node's Buffer.from(text, "base64") makes of it.
    [Theory]
    [InlineData("", "")]
    [InlineData("Bw==\n", "07")]
    [InlineData("Bw\n==", "07")]
    [InlineData("Bw=\n=\r\n", "07")]
    [InlineData("Bw", "07")]
    [InlineData("Bw=", "07")]
    [InlineData("B", "")]
    [InlineData("B===", "")]
    [InlineData("=", "")]
    [InlineData("====Bw==", "")]
    [InlineData("Bx==", "07")]
    [InlineData("a-_b", "6BEFDB")]
    [InlineData("a-/b", "6BEFDB")]
    [InlineData("YWJjZ", "616263")]
    [InlineData("YWJjZA", "61626364")]
    [InlineData("YQ==YWJj", "61")]
    [InlineData("Bwc=BwcH", "0707")]
    [InlineData("BwcH=BwcH", "070707")]
    [InlineData(" Y W J j\tZ\nG\rV\vm", "616263646566")]
    [InlineData("B!w*éЖ😀\0=", "07")]
    public void Base64_is_read_as_leniently_as_Node_reads_it(string base64, string hex)
    {
        Assert.True(EngineIoReader.TryRead(Encoding.UTF8.GetBytes("b" + base64), out var packet));
        Assert.Equal(hex, Convert.ToHexString(packet.Binary!));
        Assert.True(EngineIoReader.TryRead(Encoding.UTF8.GetBytes("b4" + base64), out packet, revision3: true));
        Assert.Equal(hex, Convert.ToHexString(packet.Binary!));
    }

    [Fact]
    public void Base64_with_line_breaks_as_Java_writes_it_gives_the_same_bytes_at_every_length()
    {
        for (var length = 0; length < 400; length++)
        {
            var bytes = new byte[length];
            Random.Shared.NextBytes(bytes);
            var lines = string.Concat(Convert.ToBase64String(bytes).Chunk(76).Select(static line => new string(line) + "\n"));
            Assert.Equal(bytes, LenientBase64.Decode(Encoding.UTF8.GetBytes(lines)));
            Assert.Equal(
                bytes,
                LenientBase64.Decode(
                    Encoding.UTF8.GetBytes(lines.Replace("=", "", StringComparison.Ordinal).Replace('+', '-').Replace('/', '_'))
                )
            );
        }
    }
}
