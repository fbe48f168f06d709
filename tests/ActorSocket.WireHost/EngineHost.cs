using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Cors.Infrastructure;
using Microsoft.AspNetCore.Hosting;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace ActorSocket.WireHost;

/// <summary>An Engine.IO server alone, as the official suite of its protocol wants one: it sends back each message as it came.</summary>
internal static class EngineHost
{
    public static async Task<int> RunAsync(WebApplicationBuilder builder, string port, bool allowEIO3)
    {
        builder.Logging.SetMinimumLevel(LogLevel.Warning);
        builder.WebHost.UseUrls($"http://127.0.0.1:{port}");
        builder.Services.AddEngineIo(options =>
        {
            options.PingInterval = TimeSpan.FromMilliseconds(300);
            options.PingTimeout = TimeSpan.FromMilliseconds(200);
            options.MaxHttpBufferSize = 1_000_000;
            options.Cors = new CorsPolicyBuilder().AllowAnyOrigin().Build();
            options.AllowEIO3 = allowEIO3;
        });
        var app = builder.Build();
        app.MapEngineIo("/engine.io", static connection => connection.OnMessage(message =>
        {
            if (message.IsBinary)
                connection.Send(message.Data.Span);
            else
                connection.Send(message.Text!);
        }));
        await app.StartAsync();
        Console.WriteLine($"listening on {app.Urls.First()}");
        await app.WaitForShutdownAsync();
        return 0;
    }
}
