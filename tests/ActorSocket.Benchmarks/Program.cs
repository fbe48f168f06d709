using ActorSocket;
using ActorSocket.Benchmarks;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

// hops: what each step of a message's way costs. serve --port N: the server that a load generator talks to.
if (args is ["hops"])
{
    await Hops.RunAsync();
    return 0;
}
if (args is not ["serve", ..])
{
    await Console.Error.WriteLineAsync("Usage: dotnet run -c Release --project tests/ActorSocket.Benchmarks -- serve [--port N] | hops");
    return 1;
}
var builder = WebApplication.CreateSlimBuilder(args[1..]);
builder.Logging.SetMinimumLevel(LogLevel.Warning);
builder.WebHost.UseUrls($"http://127.0.0.1:{builder.Configuration["port"] ?? "3000"}");
builder.Services.AddActorSocket();
var app = builder.Build();
var io = app.MapActorSocket();
io.OnConnection(socket =>
{
    socket.On("echo", static (SocketArguments payload, Ack ack) => ack.Send(payload));
    socket.On("join", async (string room, Ack ack) =>
    {
        await socket.JoinAsync(room);
        ack.Send();
    });
    socket.On("broadcast", (string room, SocketArguments args) => io.To(room).Emit("bcast", args[1]));
    socket.On("relay", (string room, SocketArguments args) => socket.To(room).Emit("bcast", args[1]));
    socket.On("stats", () => new
    {
        connections = io.ConnectionCount,
        workingSet = Environment.WorkingSet,
        managed = GC.GetTotalMemory(forceFullCollection: false),
        allocated = GC.GetTotalAllocatedBytes(),
        collections = new[] { GC.CollectionCount(0), GC.CollectionCount(1), GC.CollectionCount(2) },
    });
});
await app.StartAsync();
Console.WriteLine($"listening on {app.Urls.First()}");
await app.WaitForShutdownAsync();
return 0;
