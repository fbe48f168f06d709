#:sdk Microsoft.NET.Sdk.Web
#:project ../../src/ActorSocket.Cluster/ActorSocket.Cluster.csproj

// A program without clients that emits to those of others, as a node of their cluster:
//   dotnet run docs/samples/worker.cs -- server      in one terminal
//   dotnet run docs/samples/worker.cs                in another
using ActorSocket;

if (args is ["server", ..])
{
    var web = WebApplication.CreateBuilder(args[1..]);
    web.Services.AddActorSocket().AddCluster(Joined(8101));
    var app = web.Build();
    app.MapActorSocket();
    await app.RunAsync();
}
else
{
    var builder = Host.CreateApplicationBuilder(args);
    builder.Services.AddActorSocket().AddCluster(Joined(8102));
    builder.Services.AddHostedService<Clock>();
    await builder.Build().RunAsync();
}

static Action<ActorSocketClusterOptions> Joined(int port) => cluster =>
{
    cluster.Port ??= port;
    if (cluster.SeedNodes.Count == 0)
        cluster.SeedNodes.Add("127.0.0.1:8101");
};

internal sealed class Clock(ActorSocketServer io) : BackgroundService
{
    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        using var timer = new PeriodicTimer(TimeSpan.FromSeconds(1));
        while (await timer.WaitForNextTickAsync(stoppingToken))
            io.Volatile.Emit("time", DateTimeOffset.UtcNow);
    }
}
