using System.Globalization;
using Microsoft.Extensions.DependencyInjection;
using ActorSocket;
using ActorSocket.WireHost;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Cors.Infrastructure;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

// The server that protocol cases are run against: ActorSocket.WireHost --port N --profile NAME With --handlers client it is the one of the
// scripts in tests/ActorSocket.ClientTests: their handlers, the default timings, a journal on standard output. With --until eof it ends
// with its standard input. With --handlers differential it does what differential-server.mjs there does on the official server. With
// --transport loops it is served by ActorSocket's own transport. The profile "engine" is an Engine.IO server without Socket.IO, an echo at
// /engine.io, with --eio3 of that revision's clients too.
var builder = WebApplication.CreateSlimBuilder([.. args.Where(static argument => argument != "--eio3")]);
var port = builder.Configuration["port"] ?? "3000";
var profile = builder.Configuration["profile"] ?? "default";
if (builder.Configuration["transport"] == "loops")
    builder.WebHost.UseActorSocketTransport();
if (profile == "cluster")
    return await ClusterHost.RunAsync(builder, port);
if (profile == "engine")
    return await EngineHost.RunAsync(builder, port, allowEIO3: args.Contains("--eio3", StringComparer.Ordinal));
var handlers = builder.Configuration["handlers"] ?? "wire";
var forClients = handlers == "client";
if (profile is not ("default" or "cookie" or "recovery" or "eio3" or "msgpack"))
{
    await Console.Error.WriteLineAsync(
        $"Unknown profile '{profile}': this host offers default, cookie, recovery, eio3, msgpack, cluster and engine."
    );
    return 1;
}
builder.Logging.SetMinimumLevel(LogLevel.Warning).AddFilter("ActorSocket", LogLevel.None);
builder.WebHost.UseUrls($"http://127.0.0.1:{port}");
builder.Services.AddActorSocket(options =>
{
    options.Cors = new CorsPolicyBuilder().AllowAnyOrigin().Build();
    options.AllowEIO3 = profile == "eio3";
    if (profile == "cookie")
        options.Cookie = new CookieBuilder { Name = "io", Path = "/", HttpOnly = true, SameSite = SameSiteMode.Lax };
    if (profile == "msgpack")
        options.Parser = SocketIoParser.MessagePack;
    if (profile == "recovery")
        options.ConnectionStateRecovery = new RecoveryOptions { MaxDisconnectionDuration = TimeSpan.FromSeconds(2) };
    if (forClients)
    {
        TestHandlers.Configure(options);
        return;
    }
    if (handlers == "differential")
        return;
    options.PingInterval = TimeSpan.FromMilliseconds(300);
    options.PingTimeout = TimeSpan.FromMilliseconds(200);
    options.UpgradeTimeout = TimeSpan.FromSeconds(1);
    // longer for drills that kill nodes
    options.ConnectTimeout = TimeSpan.FromMilliseconds(builder.Configuration.GetValue("connectTimeout", 1000));
});
if (forClients)
    TestScheme.AddTo(builder.Services);
var app = builder.Build();
var io = app.MapActorSocket();
if (forClients)
{
    TestHandlers.Map(io, static line => Console.WriteLine($"journal {line}"));
    app.MapGet("/connections", () => io.ConnectionCount.ToString(CultureInfo.InvariantCulture));
}
else if (handlers == "differential")
    DifferentialHandlers.Map(io);
else
    WireHandlers.Map(io);
await app.StartAsync();
Console.WriteLine($"listening on {app.Urls.First()}");
if (builder.Configuration["until"] == "eof")
{
    await Console.In.ReadToEndAsync();
    Environment.Exit(0);
}
await app.WaitForShutdownAsync();
return 0;
