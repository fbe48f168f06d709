// A node: its port for the others, and where they are, come from the app host.
using ActorSocket;

var builder = WebApplication.CreateBuilder(args);
builder.WebHost.UseActorSocketTransport();
builder.Services.AddActorSocket().AddCluster();
builder.Services.AddHealthChecks().AddActorSocket("ready");

var app = builder.Build();
app.MapHealthChecks("/health/ready"); // green once it has joined the others
app.MapActorSocket().OnConnection(socket => socket.On("say", (string? text) =>
{
    if (text is not { Length: > 0 and <= 500 })
        throw new EventException("A message has 1 to 500 characters.");
    socket.Namespace.Emit("said", text); // to all, whichever node they are on
    return true;
}));

await app.RunAsync();
