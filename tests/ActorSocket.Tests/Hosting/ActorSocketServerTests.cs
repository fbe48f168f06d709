using System.Text.Json;

namespace ActorSocket.Tests.Hosting;

/// <summary>A server is its namespace "/", as in the official server.</summary>
public sealed class ActorSocketServerTests : ServerTest
{
    [Fact]
    public void The_server_is_the_namespace_of_that_name()
    {
        var io = new ActorSocketServer(NewServer());
        Assert.Same(io, io.Of("/"));
        Assert.Same(io, io.Of(""));
        Assert.Equal("/", io.Name);
        Assert.NotSame(io, io.Of("/other"));
    }

    [Fact]
    public async Task What_was_added_to_the_namespace_before_there_was_a_server_is_the_servers()
    {
        var server = NewServer();
        var connected = new TaskCompletionSource<Socket>(TaskCreationOptions.RunContinuationsAsynchronously);
        server.Namespaces.GetOrAdd("/", server).Face.OnConnection(connected.SetResult);
        var io = new ActorSocketServer(server);
        var webSocket = new FakeWebSocket();
        (await OpenAsync(server, webSocket)).Send("40");
        var socket = await connected.Task.WaitAsync(Patience);
        Assert.Same(io, socket.Namespace);
        Assert.Same(socket, Assert.Single(io.Sockets));
        io.Emit("all");
        Assert.StartsWith("40{", await webSocket.NextAsync(), StringComparison.Ordinal);
        Assert.Equal("42[\"all\"]", await webSocket.NextAsync());
    }

    [Fact]
    public void It_is_no_data()
    {
        var io = new ActorSocketServer(NewServer());
        Assert.Throws<NotSupportedException>(() => JsonSerializer.Serialize(io));
        Assert.Throws<NotSupportedException>(() => JsonSerializer.Serialize<Namespace>(io));
    }

    /// <summary>
    /// Of the endpoint, which every request passes; of the namespace it is said on <c>io.Of("/")</c>. Both mean the same object.
    /// </summary>
    [Fact]
    public void Authorization_of_the_server_is_that_of_its_endpoint()
    {
        var io = new ActorSocketServer(NewServer());
        Assert.Same(io, io.RequireAuthorization("policy"));
        Assert.True(io.Services.Middleware.IsEmpty);
        io.Of("/").RequireAuthorization("policy");
        Assert.False(io.Services.Middleware.IsEmpty);
    }
}
