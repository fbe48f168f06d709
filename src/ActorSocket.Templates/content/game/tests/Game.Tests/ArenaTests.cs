using ActorSocket;
using ActorSocket.TestKit;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Mvc.Testing;
using Microsoft.AspNetCore.TestHost;
using Microsoft.Extensions.DependencyInjection;
using Xunit;

namespace Game.Tests;

/// <summary>The whole application in memory, with players who speak the real protocol, and a clock that the tests advance.</summary>
public sealed class ArenaTests : IAsyncLifetime
{
    private readonly string _store = Path.Combine(Path.GetTempPath(), $"game-{Guid.NewGuid():N}.db");
    private readonly WebApplicationFactory<Program> _factory;
    private ActorSocketTestServer _server = null!;

    public ArenaTests() => _factory = new WebApplicationFactory<Program>().WithWebHostBuilder(builder => builder
        .UseSetting("ActorSocket:Persistence:ConnectionString", $"Data Source={_store}")
        .ConfigureTestServices(static services => services.AddActorSocketTestKit(new VirtualClock())));

    public async Task InitializeAsync()
    {
        _server = await ActorSocketTestServer.AttachAsync(_factory.Server);
        _server.Patience = TimeSpan.FromSeconds(30); // of real time: a build machine may be busy
    }

    public async Task DisposeAsync()
    {
        await _server.DisposeAsync();
        await _factory.DisposeAsync();
        File.Delete(_store);
    }

    [Fact]
    public async Task Who_steers_moves_and_the_others_see_it()
    {
        var (ada, _) = await EnterAsync("Ada");
        var (bob, entered) = await EnterAsync("Bob");

        bob.Emit("steer", 1, 0);
        await _server.SettleAsync();
        await _server.AdvanceAsync(TimeSpan.FromSeconds(0.5));

        await ada.ExpectAsync("dots", dots => dots.As<Dictionary<long, Dot>>()![entered.Player].X > 0.65);
    }

    [Fact]
    public async Task Who_is_lost_keeps_the_seat_for_a_while()
    {
        var (ada, _) = await EnterAsync("Ada");
        var (bob, seat) = await EnterAsync("Bob");

        await bob.DropAsync();
        await _server.AdvanceAsync(TimeSpan.FromSeconds(5));
        var again = await _server.ConnectAsync();
        var back = await again.EmitWithAckAsync<Entered>("return", "north", seat.Token);
        Assert.Equal(seat.Player, back!.Player);

        await again.DropAsync();
        await _server.AdvanceAsync(TimeSpan.FromSeconds(11));
        ada.Clear();
        await _server.AdvanceAsync(TimeSpan.FromSeconds(0.1));
        await ada.ExpectAsync("dots", dots => !dots.As<Dictionary<long, Dot>>()!.ContainsKey(seat.Player));
    }

    [Fact]
    public async Task Who_comes_back_goes_on_steering()
    {
        var (ada, _) = await EnterAsync("Ada");
        var (bob, entered) = await EnterAsync("Bob");

        await bob.DropAsync();
        await bob.ReconnectAsync();
        Assert.True(bob.Recovered);
        bob.Emit("steer", 1, 0);
        await _server.SettleAsync();
        await _server.AdvanceAsync(TimeSpan.FromSeconds(0.5));

        await ada.ExpectAsync("dots", dots => dots.As<Dictionary<long, Dot>>()![entered.Player].X > 0.65);
    }

    private async Task<(ActorSocketTestClient Client, Entered Entered)> EnterAsync(string name)
    {
        var client = await _server.ConnectAsync("/", options => options.Name = name);
        return (client, (await client.EmitWithAckAsync<Entered>("enter", "north", name))!);
    }
}
