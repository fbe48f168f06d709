using System.Text.Json;
using System.Threading.RateLimiting;
using ActorSocket.Diagnostics;
using ActorSocket.Protocol.SocketIo;
using ActorSocket.Sockets;

namespace ActorSocket.Limits;

/// <summary>
/// Lets a namespace's events through as often as its limits say; those of a template hold for all namespaces made from it together.
/// </summary>
internal sealed class EventLimiter : IEventGate
{
    private readonly EventRateLimiterOptions _options;
    private readonly EventPartitions[] _global;
    private readonly Dictionary<string, EventPartitions[]> _byPolicy; // behind those of all events

    public EventLimiter(EventRateLimiterOptions options, TimeProvider time)
    {
        _options = options;
        _global = [.. options.Global];
        _byPolicy = options.Policies.ToDictionary(
            static policy => policy.Key, policy => (EventPartitions[])[.. _global, policy.Value], StringComparer.Ordinal);
        foreach (var partitions in _global.Concat(options.Policies.Values))
            partitions.Start(time, options.MaxPartitions);
    }

    /// <summary>The limiters that there are now, of all limits.</summary>
    public int Count => _global.Concat(_options.Policies.Values).Sum(static partitions => partitions.Count);

    public void ThrowIfUnknown(string policy)
    {
        if (!_byPolicy.ContainsKey(policy))
            throw new InvalidOperationException(
                $"[EnableRateLimiting(\"{policy}\")] names a policy that UseEventRateLimiter does not have: call AddPolicy(\"{policy}\", …)."
            );
    }

    public ValueTask PassAsync(Socket socket, SocketIoPacket packet, string name)
    {
        var limits = LimitsOf(socket, name);
        return limits.Length == 0 ? socket.RaiseAdmittedAsync(packet, name) : PassAsync(limits, socket, packet, name);
    }

    public async ValueTask<bool> AdmitAsync(Socket socket, SocketIoPacket packet, string name)
    {
        SocketEvent? e = null;
        foreach (var limit in LimitsOf(socket, name))
        {
            e ??= EventOf(socket, packet, name);
            using var lease = await limit.AcquireAsync(e, isHandled: false).ConfigureAwait(false);
            if (lease.IsAcquired)
                continue;
            if (!socket.IsOver) // else its limiters are gone with it, and nothing was too much
                await RefuseAsync(e, lease).ConfigureAwait(false);
            return false;
        }
        return true;
    }

    private static SocketEvent EventOf(Socket socket, SocketIoPacket packet, string name) =>
        new(socket, name, packet.Arguments, packet.AckId >= 0 ? new Ack(socket, packet) : null);

    private EventPartitions[] LimitsOf(Socket socket, string name)
    {
        string? policy = null;
        var isNamed = socket.Namespace.Services.EventPolicies?.TryGetValue(name, out policy) == true;
        if (isNamed && policy is null)
            return []; // [DisableRateLimiting]
        return policy is not null || _options.PolicyOfEvent.TryGetValue(name, out policy) ? _byPolicy[policy] : _global;
    }

    private async ValueTask PassAsync(EventPartitions[] limits, Socket socket, SocketIoPacket packet, string name)
    {
        var e = EventOf(socket, packet, name);
        var leases = new RateLimitLease[limits.Length]; // of limits to concurrency they are held until the handlers have ended
        try
        {
            for (var i = 0; i < limits.Length; i++)
            {
                leases[i] = await limits[i].AcquireAsync(e, isHandled: true).ConfigureAwait(false);
                if (!leases[i].IsAcquired)
                {
                    if (!socket.IsOver)
                        await RefuseAsync(e, leases[i]).ConfigureAwait(false);
                    return;
                }
            }
            await socket.RaiseAdmittedAsync(packet, name).ConfigureAwait(false);
        }
        finally
        {
            foreach (var lease in leases)
                lease?.Dispose();
        }
    }

    private async ValueTask RefuseAsync(SocketEvent e, RateLimitLease lease)
    {
        var (socket, ns) = (e.Socket, e.Socket.Namespace.Services);
        ns.Server.Metrics.EventRefused(ns.MetricsName, "limited");
        ns.Server.Log.EventLimited(ns.MetricsName);
        var context = new EventRejectedContext(e, lease, _options.Refusal);
        if (_options.OnRejected is { } ask)
            await ask(context).ConfigureAwait(false);
        if (context.Refusal != EventRateLimitRefusal.Drop && e.Ack is { IsWanted: true } ack)
            ack.SendArguments(ErrorAnswers.RateLimited(RetryAfter(context.RetryAfter)));
        if (context.Refusal == EventRateLimitRefusal.Disconnect)
            _ = socket.DisconnectAsync().AsTask();
    }

    /// <summary>Seconds, as in HTTP, here to the millisecond. As an element, which applications without JSON by reflection have.</summary>
    private static JsonElement? RetryAfter(TimeSpan? after) =>
        after is { } time
            ? JsonElement.Parse(FormattableString.Invariant($$"""{"retryAfter":{{Math.Ceiling(time.TotalMilliseconds) / 1000}}}"""))
            : null;
}
