using System.Text.Json;
using Microsoft.AspNetCore.Builder;
using Microsoft.Extensions.DependencyInjection;

namespace ActorSocket.Tests.Entities;

/// <summary>Calls as their caller sees them.</summary>
public sealed class RoomEntitiesTests
{
    [Fact]
    public async Task A_call_before_the_start_is_refused_and_harms_nothing()
    {
        await using var app = TestApplication.Build(static services => services.AddActorSocket());
        var sums = app.MapActorSocket().MapEntities<Sum>("sum");
        var early = await Assert.ThrowsAsync<InvalidOperationException>(() => sums.InvokeAsync<int>("a", "add", 1));
        Assert.Contains("once the application has started", early.Message, StringComparison.Ordinal);
        Assert.Throws<InvalidOperationException>(() => sums.Send("a", "add", 1));
        await app.StartAsync();
        Assert.Equal(2, await sums.InvokeAsync<int>("a", "add", 2));
    }

    [Fact]
    public async Task A_method_that_returns_nothing_says_so_to_who_asks_for_something()
    {
        await using var app = TestApplication.Build(static services => services.AddActorSocket());
        var sums = app.MapActorSocket().MapEntities<Sum>("sum");
        await app.StartAsync();
        var error = await Assert.ThrowsAsync<EntityCallException>(() => sums.InvokeAsync<int>("a", "clear"));
        Assert.Equal("\"clear\" returned nothing, where System.Int32 was asked for.", error.Message);
        Assert.Null(await sums.InvokeAsync<int?>("a", "clear"));
        Assert.Null(await sums.InvokeAsync<string>("a", "clear"));
        Assert.Empty((await sums.InvokeAsync<SocketArguments>("a", "clear"))!);
        Assert.True((await sums.InvokeAsync<SocketArgument>("a", "clear")).IsNull);
        Assert.Equal(JsonValueKind.Null, (await sums.InvokeAsync<JsonElement>("a", "clear")).ValueKind);
        await sums.InvokeAsync("a", "clear");
    }

    internal sealed class Sum : RoomEntity
    {
        private int _sum;

        [Event("add")]
        public int Add(int more) => _sum += more;

        [Event("clear")]
        public void Clear() => _sum = 0;
    }
}
