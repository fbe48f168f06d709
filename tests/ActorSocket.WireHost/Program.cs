using System.Text.RegularExpressions;
using ActorSocket;
using ActorSocket.WireHost;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Cors.Infrastructure;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

// The server that protocol cases are run against: ActorSocket.WireHost --port N --profile NAME
var builder = WebApplication.CreateSlimBuilder(args);
var port = builder.Configuration["port"] ?? "3000";
var profile = builder.Configuration["profile"] ?? "default";
if (profile is not ("default" or "cookie" or "recovery" or "eio3" or "msgpack"))
{
    await Console.Error.WriteLineAsync($"Unknown profile '{profile}': this host offers default, cookie, recovery, eio3 and msgpack.");
    return 1;
}
builder.Logging.SetMinimumLevel(LogLevel.Warning).AddFilter("ActorSocket", LogLevel.None);
builder.WebHost.UseUrls($"http://127.0.0.1:{port}");
builder.Services.AddActorSocket(options =>
{
    options.PingInterval = TimeSpan.FromMilliseconds(300);
    options.PingTimeout = TimeSpan.FromMilliseconds(200);
    options.UpgradeTimeout = TimeSpan.FromSeconds(1);
    options.ConnectTimeout = TimeSpan.FromMilliseconds(builder.Configuration.GetValue("connectTimeout", 1000)); // longer for drills that kill nodes
    options.Cors = new CorsPolicyBuilder().AllowAnyOrigin().Build();
    options.Cookie = profile == "cookie" ? new CookieBuilder { Name = "io", Path = "/", HttpOnly = true, SameSite = SameSiteMode.Lax } : null;
    options.Parser = profile == "msgpack" ? SocketIoParser.MessagePack : null;
    options.AllowEIO3 = profile == "eio3";
    options.ConnectionStateRecovery = profile == "recovery" ? new RecoveryOptions { MaxDisconnectionDuration = TimeSpan.FromSeconds(2) } : null;
});
var app = builder.Build();
var io = app.MapActorSocket();
var reasons = new DisconnectReasons();
Namespace[] namespaces = [io.Main, io.Of("/custom"), io.Of("/refused"), io.Of("/slow"), io.OfDynamic(new Regex(@"^/dyn-\d+$", RegexOptions.None, TimeSpan.FromSeconds(1)))];
io.Of("/refused").Use((_, _) => throw new ConnectErrorException("refused", new { code = "E1", n = 7 }));
io.Of("/slow").Use(async (_, next) =>
{
    await Task.Delay(500);
    await next();
});
foreach (var ns in namespaces)
{
    ns.OnConnection(socket => WireHandlers.Add(socket, reasons));
    ns.OnServerEvent("last-reason", (string id) => reasons.Find(id));
}
await app.StartAsync();
Console.WriteLine($"listening on {app.Urls.First()}");
await app.WaitForShutdownAsync();
return 0;
