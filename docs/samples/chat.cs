#:sdk Microsoft.NET.Sdk.Web
#:project ../../src/ActorSocket/ActorSocket.csproj

// A chat in one file: dotnet run docs/samples/chat.cs, and http://localhost:3000
using ActorSocket;

var builder = WebApplication.CreateBuilder(args);
builder.WebHost.UseActorSocketTransport();
builder.Services.AddActorSocket(options => options.ConnectionStateRecovery = new RecoveryOptions());

var app = builder.Build();
var page = Path.Combine(AppContext.GetData("EntryPointFileDirectoryPath") as string ?? ".", "chat.html");
app.MapGet("/", () => Results.File(page, "text/html"));

app.MapActorSocket().OnConnection(socket =>
{
    var name = socket.Recovered ? socket.GetData<string>("name") : null; // who comes back is in
    socket.On("enter", async (string? who) =>
    {
        name ??= who?.Trim() is { Length: > 0 and <= 24 } trimmed ? trimmed : throw new EventException("A name has 1 to 24 characters.");
        socket.Data["name"] = name;
        await socket.JoinAsync("chat");
        return name;
    });
    socket.On("say", (string? text) =>
    {
        if (name is null || text is not { Length: > 0 and <= 500 })
            throw new EventException(name is null ? "Enter first." : "A message has 1 to 500 characters.");
        socket.Namespace.To("chat").Emit("said", name, text);
        return true;
    });
});

await app.RunAsync();
