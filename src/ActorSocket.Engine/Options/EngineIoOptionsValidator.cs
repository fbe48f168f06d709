using Microsoft.Extensions.Options;

namespace ActorSocket.Configuration;

/// <summary>Checks the options at start, and names the configuration key, the value and what is allowed.</summary>
internal sealed class EngineIoOptionsValidator : IValidateOptions<EngineIoOptions>
{
    public ValidateOptionsResult Validate(string? name, EngineIoOptions options)
    {
        var faults = new OptionFaults(string.IsNullOrEmpty(name) ? "EngineIo" : "EngineIo:" + name);
        Check(options, faults);
        return faults.All.Count == 0 ? ValidateOptionsResult.Success : ValidateOptionsResult.Fail(faults.All);
    }

    /// <summary>Also of a Socket.IO server, which has these options among its own.</summary>
    public static void Check(EngineIoOptions options, OptionFaults faults)
    {
        faults.Time(nameof(options.PingInterval), options.PingInterval);
        faults.Time(nameof(options.PingTimeout), options.PingTimeout);
        faults.Time(nameof(options.UpgradeTimeout), options.UpgradeTimeout);
        faults.Time(nameof(options.DrainTimeout), options.DrainTimeout);
        faults.TimeOrNone(nameof(options.DrainPeriod), options.DrainPeriod);
        faults.NotAsyncVoid(nameof(options.OnInitialHeaders), options.OnInitialHeaders, nameof(options.OnInitialHeadersAsync));
        faults.NotAsyncVoid(nameof(options.OnHeaders), options.OnHeaders, nameof(options.OnHeadersAsync));
        faults.Number(nameof(options.MaxHttpBufferSize), options.MaxHttpBufferSize, 1, 1 << 30);
        faults.Number(nameof(options.HttpCompressionThreshold), options.HttpCompressionThreshold, 0, int.MaxValue);
        faults.Number(nameof(options.MaxOutboundBytes), options.MaxOutboundBytes, 1024, 1 << 30);
        faults.Number(nameof(options.MaxOutboundPackets), options.MaxOutboundPackets, 1, int.MaxValue);
        if (options.MaxPacketsPerPoll is { } packets)
            faults.Number(nameof(options.MaxPacketsPerPoll), packets, 1, int.MaxValue);
        faults.Number(nameof(options.MinPostDataRate), options.MinPostDataRate, 0, int.MaxValue);
        faults.Time(nameof(options.PostGracePeriod), options.PostGracePeriod, 1001); // Kestrel looks once a second
        faults.Number(nameof(options.MaxInboundEvents), options.MaxInboundEvents, 1, int.MaxValue);
        faults.Number(nameof(options.MaxInboundBytes), options.MaxInboundBytes, 1, 1 << 29);
        if (options.MaxConnections is { } connections)
            faults.Number(nameof(options.MaxConnections), connections, 1, int.MaxValue);
        if (options.PerMessageDeflate is { } deflate)
        {
            faults.Number(nameof(options.PerMessageDeflate) + ":" + nameof(deflate.Threshold), deflate.Threshold, 0, int.MaxValue);
            faults.Number(
                nameof(options.PerMessageDeflate) + ":" + nameof(deflate.ServerMaxWindowBits),
                deflate.ServerMaxWindowBits,
                9,
                15
            );
        }
        if ((options.Transports & TransportKinds.All) == TransportKinds.None)
            faults.Add(nameof(options.Transports), $"is {options.Transports}; at least one of Polling and WebSocket is needed.");
        if (options.Cors is { AllowAnyOrigin: true, SupportsCredentials: true })
            faults.Add(
                nameof(options.Cors),
                "allows any origin with credentials, which browsers refuse; list the origins (WithOrigins) instead."
            );
    }
}
