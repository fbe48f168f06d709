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

    internal sealed class Sum : RoomEntity
    {
        private int _sum;

        [Event("add")]
        public int Add(int more) => _sum += more;
    }
}
