using ActorSocket;
using ActorSocket.Server;
using ActorSocket.Server.Admin;
using ActorSocket.Server.Game;
using ActorSocket.Server.Lobby;
using Microsoft.AspNetCore.Diagnostics.HealthChecks;
using OpenTelemetry.Metrics;

if (args is ["health", var url])
    return await HealthCommand.RunAsync(url);

var builder = WebApplication.CreateBuilder(args);
builder.WebHost.UseActorSocketTransport();
builder.Services.AddActorSocket().AddCluster().AddPersistence().AddAdminUi();
builder.Services.AddSingleton(static services =>
    services.GetRequiredService<ActorSocketServer>().MapEntities<LobbyRegistry>("lobby-registry", SavedSoon));
builder.Services.AddSingleton(static services =>
    services.GetRequiredService<ActorSocketServer>().MapEntities<LobbyRoom>("lobby", SavedSoon));
builder.Services.AddSingleton(static services =>
    services.GetRequiredService<ActorSocketServer>().MapEntities<Pong, IPong>("pong", SavedSoon));
builder.Services.AddSingleton(static services =>
    services.GetRequiredService<ActorSocketServer>().MapEntities<PongQueue, IMatchQueue>("pong-queue"));
builder.Services.AddSingleton(static services =>
    services.GetRequiredService<ActorSocketServer>().MapEntities<PongRegistry, IPongRegistry>("pong-registry", SavedSoon));
builder.Services.AddSingleton<LobbyList>().AddHostedService(static services => services.GetRequiredService<LobbyList>());
builder.Services.AddSingleton<PongList>();
builder.Services.ConfigureOptions<AdminAccess>();
builder.Services.AddHealthChecks().AddActorSocket("ready");
builder.Services.AddOpenTelemetry().WithMetrics(metrics => metrics
    .AddMeter("ActorSocket", "Microsoft.AspNetCore.Hosting", "Microsoft.AspNetCore.Server.Kestrel", "System.Runtime")
    .AddPrometheusExporter());

var app = builder.Build();
app.UseDefaultFiles();
app.UseStaticFiles();
app.MapHealthChecks("/health/live", new HealthCheckOptions { Predicate = static _ => false });
app.MapHealthChecks("/health/ready", new HealthCheckOptions { Predicate = static check => check.Tags.Contains("ready") });
app.MapPrometheusScrapingEndpoint("/metrics");

var io = app.MapActorSocket("/socket.io");
io.UseEventFilter<AwayFilter>().MapHub<LobbyHub>().MapHub<PongHub>().Emits<ILobbyClient>().Emits<IPongClient>();
// Every node may have entities of each class, whether it has visitors or not.
app.Services.GetRequiredService<RoomEntities<LobbyRoom>>();
app.Services.GetRequiredService<RoomEntities<LobbyRegistry>>();
app.Services.GetRequiredService<RoomEntities<PongQueue, IMatchQueue>>();
app.Services.GetRequiredService<RoomEntities<PongRegistry, IPongRegistry>>();
app.Services.GetRequiredService<PongList>();
app.MapActorSocketAdminUi("/admin");
app.MapActorSocketContract("/contract").AllowAnonymous(); // as open as the demo

if (args is ["contract", var folder])
{
    await io.DescribeContract().WriteToAsync(folder);
    return 0;
}

await app.RunAsync();
return 0;

// What the loss of a node may cost of what was said, and played.
static void SavedSoon(EntityOptions options) => options.SaveInterval = TimeSpan.FromSeconds(1);
