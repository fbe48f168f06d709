using Microsoft.AspNetCore.Builder;
using Microsoft.Extensions.DependencyInjection;

namespace ActorSocket.Tests.Engine.Hosting;

public sealed class EngineIoMappingTests
{
    [Fact]
    public void What_is_missing_or_wrong_is_said()
    {
        var bare = WebApplication.CreateSlimBuilder().Build();
        Assert.Contains(
            "AddEngineIo",
            Assert.Throws<InvalidOperationException>(() => bare.MapEngineIo("/engine.io", static _ => { })).Message,
            StringComparison.Ordinal
        );
        var builder = WebApplication.CreateSlimBuilder();
        builder.Services.AddEngineIo(static options => options.PingInterval = TimeSpan.Zero);
        var app = builder.Build();
        var wrong = Assert.Throws<Microsoft.Extensions.Options.OptionsValidationException>(() =>
            app.MapEngineIo("/engine.io", static _ => { })
        );
        Assert.Contains("EngineIo:PingInterval is 00:00:00", wrong.Message, StringComparison.Ordinal);
    }
}
