using CsCheck;
using ActorSocket.Protocol.SocketIo;

namespace ActorSocket.Tests.Architecture;

public sealed class ReferenceTests
{
    [Fact]
    public void The_protocol_layer_knows_no_actors_no_web_server_and_no_io()
    {
        var used = typeof(PacketDecoder).Assembly.GetReferencedAssemblies().Select(static assembly => assembly.Name!).ToList();
        Assert.Contains("System.Text.Json", used, StringComparer.Ordinal);
        Assert.DoesNotContain(
            used,
            static name =>
                !name.StartsWith("System.", StringComparison.Ordinal)
                || name.StartsWith("System.Net", StringComparison.Ordinal)
                || name.StartsWith("System.IO", StringComparison.Ordinal)
        );
    }
}
