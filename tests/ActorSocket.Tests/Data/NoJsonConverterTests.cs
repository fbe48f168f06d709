namespace ActorSocket.Tests.Data;

public sealed class NoJsonConverterTests : ServerTest
{
    [Fact]
    public async Task What_leads_to_the_whole_server_is_refused_where_it_is_emitted_and_nothing_is_sent()
    {
        var (socket, _, webSocket) = await JoinAsync();
        var error = Assert.Throws<NotSupportedException>(() => socket.Emit("who", new { sender = socket }));
        Assert.Contains(
            "A Socket is no data: write what is needed of it, such as its id or name.",
            error.Message,
            StringComparison.Ordinal
        );
        error = Assert.Throws<NotSupportedException>(() => socket.Emit("where", socket.Namespace));
        Assert.Contains("A Namespace is no data", error.Message, StringComparison.Ordinal);
        socket.Emit("fence");
        Assert.Equal("42[\"fence\"]", await webSocket.NextAsync());
    }
}
