using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace ActorSocket.IntegrationTests.Hosting;

/// <summary>What the log says of the transport.</summary>
public sealed class TransportAdviceTests
{
    [Theory]
    [InlineData(false, 1)]
    [InlineData(true, 0)]
    public async Task Where_Kestrels_own_transport_serves_event_loops_are_recommended_once(bool hasLoops, int lines)
    {
        var builder = WebApplication.CreateSlimBuilder();
        if (hasLoops)
            builder.WebHost.UseActorSocketTransport();
        var log = new RecordedLog();
        builder.Logging.ClearProviders().AddProvider(log);
        builder.WebHost.UseUrls("http://127.0.0.1:0");
        builder.Services.AddActorSocket();
        await using var app = builder.Build();
        app.MapActorSocket();
        app.MapActorSocket("/other");
        await app.StartAsync();
        Assert.Equal(
            OperatingSystem.IsLinux() ? lines : 0,
            log.Lines.Count(static line => line.Text.Contains("UseActorSocketTransport", StringComparison.Ordinal))
        );
    }
}
