using Microsoft.Extensions.Options;

namespace ActorSocket.Configuration;

/// <summary>Checks the options at start, and names the configuration key, the value and what is allowed.</summary>
internal sealed class ActorSocketOptionsValidator : IValidateOptions<ActorSocketOptions>
{
    public ValidateOptionsResult Validate(string? name, ActorSocketOptions options)
    {
        var section = string.IsNullOrEmpty(name) ? "ActorSocket" : "ActorSocket:" + name;
        var faults = new OptionFaults(section);
        EngineIoOptionsValidator.Check(options, faults);
        faults.Time(nameof(options.ConnectTimeout), options.ConnectTimeout);
        faults.Time(nameof(options.AttachmentTimeout), options.AttachmentTimeout);
        faults.TimeOrNone(nameof(options.LastEventsTimeout), options.LastEventsTimeout);
        faults.Number(nameof(options.MaxAttachmentsSize), options.MaxAttachmentsSize, 1, 1 << 30);
        faults.Number(nameof(options.MaxAttachments), options.MaxAttachments, 1, 1024);
        faults.Number(nameof(options.MaxJsonDepth), options.MaxJsonDepth, 2, 120);
        faults.Number(nameof(options.MaxNamespacesPerConnection), options.MaxNamespacesPerConnection, 1, 10_000);
        faults.Number(nameof(options.MaxRoomsPerSocket), options.MaxRoomsPerSocket, 0, int.MaxValue);
        faults.Number(nameof(options.MaxConcurrentHandlers), options.MaxConcurrentHandlers, 1, 10_000);
        faults.Number(nameof(options.MaxDynamicNamespaces), options.MaxDynamicNamespaces, 0, 10_000_000);
        faults.Number(nameof(options.MaxStreams), options.MaxStreams, 0, 10_000);
        faults.Number(nameof(options.MaxPendingAcks), options.MaxPendingAcks, 1, int.MaxValue);
        if (options.ConnectionStateRecovery is { } recovery)
        {
            const string prefix = nameof(options.ConnectionStateRecovery) + ":";
            faults.Time(prefix + nameof(recovery.MaxDisconnectionDuration), recovery.MaxDisconnectionDuration);
            faults.Number(prefix + nameof(recovery.MaxEvents), recovery.MaxEvents, 1, 10_000_000);
            faults.Number(prefix + nameof(recovery.MaxBytes), recovery.MaxBytes, 1024, int.MaxValue);
            faults.Number(prefix + nameof(recovery.MaxSockets), recovery.MaxSockets, 1, 10_000_000);
        }
        faults.Time(nameof(options.Idempotency) + ":" + nameof(options.Idempotency.Window), options.Idempotency.Window);
        faults.Number(nameof(options.Idempotency) + ":" + nameof(options.Idempotency.MaxKeys), options.Idempotency.MaxKeys, 1, 10_000_000);
        faults.Number(
            nameof(options.Idempotency) + ":" + nameof(options.Idempotency.MaxBytes),
            options.Idempotency.MaxBytes,
            1024,
            int.MaxValue
        );
        faults.All.AddRange(options.Entities.Faults($"{section}:{nameof(options.Entities)}:"));
        return faults.All.Count == 0 ? ValidateOptionsResult.Success : ValidateOptionsResult.Fail(faults.All);
    }
}
