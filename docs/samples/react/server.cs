#:sdk Microsoft.NET.Sdk.Web
#:project ../../../src/ActorSocket/ActorSocket.csproj

// What the page, app.jsx, talks to. The page is built first: cd docs/samples/react && npm ci && npm run build
// Then: dotnet run docs/samples/react/server.cs
using System.Security.Claims;
using ActorSocket;
using Microsoft.AspNetCore.Authentication.BearerToken;

var builder = WebApplication.CreateBuilder(args);
builder.WebHost.UseActorSocketTransport();
builder.Services.AddActorSocket(options => options.ConnectionStateRecovery = new RecoveryOptions());
builder.Services.AddAuthentication(BearerTokenDefaults.AuthenticationScheme).AddBearerToken();
builder.Services.AddAuthorization();

var app = builder.Build();
var page = AppContext.GetData("EntryPointFileDirectoryPath") as string ?? ".";
app.MapGet("/", () => Results.File(Path.Combine(page, "index.html"), "text/html"));
app.MapGet("/app.js", () => Results.File(Path.Combine(page, "bin", "app.js"), "text/javascript"));
app.MapPost("/sign-in", (string name) => name.Trim() is { Length: > 0 and <= 24 } shown // a real one asks for a password
    ? Results.SignIn(
        new ClaimsPrincipal(new ClaimsIdentity([new(ClaimTypes.Name, shown)], "sample")),
        authenticationScheme: BearerTokenDefaults.AuthenticationScheme)
    : Results.BadRequest());

var here = 0;
var io = app.MapActorSocket();
io.Of("/").UseAuthentication().OnConnection(socket =>
{
    io.Emit("here", Interlocked.Increment(ref here));
    socket.OnDisconnect(_ => io.Emit("here", Interlocked.Decrement(ref here)));
    socket.On(
        "say",
        (string? _, string? text) =>
        {
            if (text is not { Length: > 0 and <= 500 })
                throw new EventException("A message has 1 to 500 characters.");
            socket.Broadcast.Emit("said", socket.User.FindFirstValue(ClaimTypes.Name), text);
            return true;
        },
        // Who sends it again, because the answer was lost, is given that answer: it is said once.
        new HandlerOptions { IdempotencyKey = arguments => arguments is [var key, ..] ? key.As<string>() : null });
});

await app.RunAsync();
