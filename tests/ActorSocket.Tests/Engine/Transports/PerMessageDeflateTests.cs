using ActorSocket.Transports;

namespace ActorSocket.Tests.Engine.Transports;

public sealed class PerMessageDeflateTests
{
    [Theory]
    [InlineData("permessage-deflate", "permessage-deflate", true, true, 15)]
    [InlineData("permessage-deflate; client_max_window_bits", "permessage-deflate", true, true, 15)] // browsers
    [InlineData(
        "permessage-deflate; server_no_context_takeover; client_no_context_takeover",
        "permessage-deflate; server_no_context_takeover; client_no_context_takeover",
        false,
        false,
        15
    )]
    [InlineData("permessage-deflate; server_max_window_bits=\"10\"", "permessage-deflate; server_max_window_bits=10", true, true, 10)]
    [InlineData("x-webkit-deflate-frame, permessage-deflate", "permessage-deflate", true, true, 15)]
    // zlib cannot do 8
    [InlineData("permessage-deflate; server_max_window_bits=8, permessage-deflate", "permessage-deflate", true, true, 15)]
    public void An_offer_that_can_be_met_is_accepted(string offer, string expected, bool serverTakeover, bool clientTakeover, int bits)
    {
        Assert.True(PerMessageDeflate.TryNegotiate(offer, new PerMessageDeflateOptions(), out var answer, out var agreed));
        Assert.Equal(
            (expected, serverTakeover, clientTakeover, bits),
            (answer, agreed.ServerContextTakeover, agreed.ClientContextTakeover, agreed.ServerMaxWindowBits)
        );
    }

    [Theory]
    [InlineData("")]
    [InlineData("permessage-bzip2")]
    [InlineData("permessage-deflate; server_max_window_bits=16")]
    [InlineData("permessage-deflate; server_max_window_bits")]
    [InlineData("permessage-deflate; unknown")]
    [InlineData("permessage-deflate; server_no_context_takeover=1")]
    [InlineData("permessage-deflate; client_no_context_takeover; client_no_context_takeover")]
    public void Any_other_is_declined(string offer) =>
        Assert.False(PerMessageDeflate.TryNegotiate(offer, new PerMessageDeflateOptions(), out _, out _));

    [Fact]
    public void The_servers_own_wishes_are_part_of_the_answer()
    {
        var own = new PerMessageDeflateOptions { ServerNoContextTakeover = true, ClientNoContextTakeover = true, ServerMaxWindowBits = 12 };
        Assert.True(PerMessageDeflate.TryNegotiate("permessage-deflate; client_max_window_bits", own, out var answer, out _));
        Assert.Equal("permessage-deflate; server_no_context_takeover; client_no_context_takeover; server_max_window_bits=12", answer);
    }
}
