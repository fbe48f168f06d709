using ActorSocket;
using Game;

var builder = WebApplication.CreateBuilder(args);
builder.WebHost.UseActorSocketTransport();
builder.Services.AddActorSocket(options => options.ConnectionStateRecovery = new RecoveryOptions()).AddCluster().AddPersistence();
builder.Services.AddSingleton(static services => services.GetRequiredService<ActorSocketServer>().MapEntities<Arena, IArena>("arena"));
builder.Services.AddHealthChecks().AddActorSocket("ready");

var app = builder.Build();
app.UseDefaultFiles();
app.UseStaticFiles();
app.MapHealthChecks("/health/ready");
app.MapActorSocket().MapHub<GameHub>();                           // /socket.io
app.Services.GetRequiredService<RoomEntities<Arena, IArena>>();   // every node may have arenas, whether it has players or not

await app.RunAsync();
