using ActorSocket;
using Chat;

var builder = WebApplication.CreateBuilder(args);
builder.WebHost.UseActorSocketTransport();
builder.Services.AddActorSocket(options => options.ConnectionStateRecovery = new RecoveryOptions());

var app = builder.Build();
app.UseDefaultFiles();
app.UseStaticFiles();
app.MapActorSocket().MapHub<ChatHub>(); // /socket.io

await app.RunAsync();
