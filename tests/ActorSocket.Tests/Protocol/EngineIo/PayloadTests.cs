using System.Text;
using ActorSocket.Protocol;
using ActorSocket.Protocol.EngineIo;

namespace ActorSocket.Tests.Protocol.EngineIo;

public sealed class PayloadTests
{
    [Theory]
    [InlineData("4a\u001e3\u001e4€", 3, false)]
    [InlineData("4a", 1, false)]
    [InlineData("", 0, true)]
    [InlineData("4a\u001e", 1, true)]
    [InlineData("4a\u001e7", 1, true)]
    [InlineData("bAQ==\u001ebAQI\u001ebAQ\u001eb-_8", 4, false)]
    [InlineData("bA", 1, false)]
    public void A_payload_is_split_into_its_packets(string payload, int packets, bool failed)
    {
        var reader = new PollingPayloadReader(Encoding.UTF8.GetBytes(payload), new ProtocolLimits());
        var count = 0;
        while (reader.TryRead(out _))
            count++;
        Assert.Equal((packets, failed), (count, reader.Failed));
    }

    [Theory]
    [InlineData(4, 4, false)]
    [InlineData(5, 4, true)]
    public void A_payload_may_have_as_many_packets_as_the_limit(int packets, int read, bool failed)
    {
        var reader = new PollingPayloadReader(
            Encoding.UTF8.GetBytes(string.Join('\u001e', Enumerable.Repeat("4a", packets))),
            new ProtocolLimits { MaxPacketsPerPayload = 4 }
        );
        var count = 0;
        while (reader.TryRead(out _))
            count++;
        Assert.Equal((read, failed), (count, reader.Failed));
    }

    [Fact]
    public void The_open_packet_has_exactly_the_protocols_fields() => Assert.Equal(
        """0{"sid":"abc","upgrades":["websocket"],"pingInterval":25000,"pingTimeout":20000,"maxPayload":1000000}""",
        Encoding.UTF8.GetString(OpenPacket.Write("abc", true, 25000, 20000, 1000000)));
}
