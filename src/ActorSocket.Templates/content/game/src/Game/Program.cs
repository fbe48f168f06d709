using System.Threading.RateLimiting;
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
var io = app.MapActorSocket();                                    // /socket.io
io.UseEventRateLimiter(static limits => limits.AddGlobalLimiter(static e => RateLimitPartition.GetTokenBucketLimiter(
    EventPartition.OfSocket(e),                                   // no key is pressed more often
    static _ => new() { TokenLimit = 60, TokensPerPeriod = 30, ReplenishmentPeriod = TimeSpan.FromSeconds(1) })));
io.MapHub<GameHub>();
app.Services.GetRequiredService<RoomEntities<Arena, IArena>>();   // every node may have arenas, whether it has players or not

await app.RunAsync();
