using ActorSocket.ClientTests.Infrastructure;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace ActorSocket.ClientTests;

/// <summary>Entities that keep their state in a real PostgreSQL.</summary>
public sealed class PostgreSqlTests
{
    [Fact]
    public async Task A_database_that_crashes_and_comes_back_costs_nothing_that_lives_and_nothing_that_was_acknowledged()
    {
        await using var database = await PostgresServer.StartAsync();
        await using (var server = await Server.StartAsync(database))
        {
            var tallies = server.Tallies;
            Assert.Equal(1, await tallies.InvokeAsync<int>("a", "add"));
            await tallies.InvokeAsync("a", "save");

            await database.CrashAsync();
            Assert.Equal(2, await tallies.InvokeAsync<int>("a", "add"));
            var refused = await Assert.ThrowsAsync<EntityCallException>(() => tallies.InvokeAsync("a", "save"));
            Assert.StartsWith("The entity's state was not saved: ", refused.Message, StringComparison.Ordinal);
            refused = await Assert.ThrowsAsync<EntityCallException>(() => tallies.InvokeAsync<int>("b", "add"));
            Assert.StartsWith("The entity cannot start: its state could not be loaded: ", refused.Message, StringComparison.Ordinal);

            await database.StartAgainAsync();
            await SucceedsAsync(() => tallies.InvokeAsync("a", "save"));
            await SucceedsAsync(() => tallies.InvokeAsync<int>("b", "add"));
            Assert.Equal(3, await tallies.InvokeAsync<int>("a", "add")); // saved when the server stops
        }
        await using (var server = await Server.StartAsync(database))
        {
            Assert.Equal(4, await server.Tallies.InvokeAsync<int>("a", "add"));
            Assert.Equal(2, await server.Tallies.InvokeAsync<int>("b", "add"));
        }

        // The store is asked again a few seconds after it has failed: nobody says when.
        static async Task SucceedsAsync(Func<Task> call)
        {
            using var patience = new CancellationTokenSource(TimeSpan.FromSeconds(60));
            while (true)
            {
                try
                {
                    await call();
                    return;
                }
                catch (EntityCallException)
                {
                    await Task.Delay(50, patience.Token);
                }
            }
        }
    }

    private sealed record Server(WebApplication App, RoomEntities<Tally> Tallies) : IAsyncDisposable
    {
        public static async Task<Server> StartAsync(PostgresServer database)
        {
            var builder = WebApplication.CreateSlimBuilder();
            builder.WebHost.UseUrls("http://127.0.0.1:0");
            builder.Logging.ClearProviders();
            builder.Services.AddActorSocket().AddPersistence(store => store.UsePostgreSql(database.ConnectionString));
            var app = builder.Build();
            var tallies = app.MapActorSocket().MapEntities<Tally>("tally", static options => options.SaveInterval = TimeSpan.FromHours(1));
            await app.StartAsync();
            return new Server(app, tallies);
        }

        public ValueTask DisposeAsync() => App.DisposeAsync();
    }

    public sealed class TallyState
    {
        public int Count { get; set; }
    }

    private sealed class Tally : RoomEntity<TallyState>
    {
        [Event("add")]
        public int Add() => ++State.Count;

        [Event("save")]
        public Task StoreAsync() => SaveAsync();
    }
}
