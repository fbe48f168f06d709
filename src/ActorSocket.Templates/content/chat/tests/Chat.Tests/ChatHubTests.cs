using ActorSocket;
using ActorSocket.TestKit;
using Microsoft.Extensions.DependencyInjection;
using Xunit;

namespace Chat.Tests;

/// <summary>The hub, by clients that speak the real protocol to a server in memory.</summary>
public sealed class ChatHubTests : IAsyncLifetime
{
    private ActorSocketTestServer _server = null!;

    public async Task InitializeAsync()
    {
        _server = await ActorSocketTestServer.StartAsync(
            services => services.AddActorSocket(options => options.ConnectionStateRecovery = new RecoveryOptions()),
            io => io.MapHub<ChatHub>());
        _server.Patience = TimeSpan.FromSeconds(30); // of real time: a build machine may be busy
    }

    public async Task DisposeAsync() => await _server.DisposeAsync();

    [Fact]
    public async Task What_one_says_all_hear()
    {
        var ada = await EnterAsync("Ada");
        var bob = await EnterAsync("Bob");
        Assert.Equal("Bob", await ada.ExpectAsync<string>("came"));

        Assert.True(await bob.EmitWithAckAsync<bool>("say", "hello"));

        foreach (var client in (ActorSocketTestClient[])[ada, bob])
        {
            var said = await client.ExpectAsync("said");
            Assert.Equal(("Bob", "hello"), (said.As<string>(0), said.As<string>(1)));
        }
    }

    [Fact]
    public async Task Who_has_not_entered_is_not_heard()
    {
        var ada = await EnterAsync("Ada");
        var stranger = await _server.ConnectAsync();

        var error = await Assert.ThrowsAsync<EventException>(() => stranger.EmitWithAckAsync<bool>("say", "hello"));

        Assert.Equal("Enter first.", error.Message);
        await ada.ExpectNothingAsync();
    }

    [Fact]
    public async Task Who_leaves_is_missed()
    {
        var ada = await EnterAsync("Ada");
        var bob = await EnterAsync("Bob");

        await bob.DisconnectAsync();

        Assert.Equal("Bob", await ada.ExpectAsync<string>("left"));
    }

    [Fact]
    public async Task Who_comes_back_is_in_and_has_missed_nothing()
    {
        var ada = await EnterAsync("Ada");
        var bob = await EnterAsync("Bob");

        await bob.DropAsync();
        Assert.Equal("Bob", await ada.ExpectAsync<string>("left"));
        await ada.EmitWithAckAsync<bool>("say", "are you there?");
        await bob.ReconnectAsync();

        Assert.True(bob.Recovered);
        Assert.Equal("are you there?", (await bob.ExpectAsync("said")).As<string>(1));
        Assert.True(await bob.EmitWithAckAsync<bool>("say", "I am"));
    }

    private async Task<ActorSocketTestClient> EnterAsync(string name)
    {
        var client = await _server.ConnectAsync("/", options => options.Name = name);
        Assert.Equal(name, await client.EmitWithAckAsync<string>("enter", name));
        return client;
    }
}
