using Akka.Hosting;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.TestHost;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace ActorSocket.TestKit.Tests;

/// <summary>
/// Applications of others in a test server: with an actor system of their own, a path and a name, with the kit and without.
/// </summary>
public sealed class AttachTests
{
    [Fact]
    public async Task An_actor_system_of_the_applications_follows_the_clock()
    {
        await using var app = Build(static services =>
        {
            services.AddAkka("own", static akka => akka.WithActorSocket().AddHocon("akka.loglevel = OFF", HoconAddMode.Prepend));
            services.AddActorSocket();
            services.AddActorSocketTestKit(new VirtualClock());
        });
        app.MapActorSocket().OnConnection(static _ => { });
        await app.StartAsync();
        await using var server = await ActorSocketTestServer.AttachAsync(app.GetTestServer());
        var asleep = await server.ConnectAsync(configure: static o => o.AnswerPings = false);
        await server.AdvanceAsync(TimeSpan.FromMinutes(1));
        await asleep.ExpectDisconnectAsync();
    }

    [Fact]
    public async Task A_named_server_at_a_path_of_its_own_needs_no_kit()
    {
        await using var app = Build(static services => services.AddActorSocket(name: "game"));
        var io = app.MapActorSocket("/game", "game");
        io.OnConnection(static socket =>
        {
            socket.On("later", async (string name) =>
            {
                await Task.Yield();
                socket.Emit(name);
            });
        });
        await app.StartAsync();
        await using var server = await ActorSocketTestServer.AttachAsync(app.GetTestServer(), "game");
        Assert.Same(io, server.Io);
        var client = await server.ConnectAsync(configure: static o => o.Path = "/game");
        await client.ExpectNothingAsync();
        client.Emit("later", "one");
        await Assert.ThrowsAsync<ExpectationException>(() => client.ExpectNothingAsync());
        Assert.Equal(404, (await server.ExpectConnectErrorAsync()).Status);
    }

    [Fact]
    public void The_kit_says_when_it_comes_too_early()
    {
        var error = Assert.Throws<InvalidOperationException>(static () => new ServiceCollection().AddActorSocketTestKit());
        Assert.Contains("comes after AddActorSocket", error.Message, StringComparison.Ordinal);
    }

    private static WebApplication Build(Action<IServiceCollection> configure)
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.WebHost.UseTestServer();
        builder.Logging.ClearProviders();
        configure(builder.Services);
        return builder.Build();
    }
}
