using System.Threading.RateLimiting;

namespace ActorSocket;

/// <summary>An event that exceeds a limit. Given to <see cref="EventRateLimiterOptions.OnRejected"/>.</summary>
public sealed class EventRejectedContext
{
    internal EventRejectedContext(SocketEvent e, RateLimitLease lease, EventRateLimitRefusal refusal)
    {
        Event = e;
        Lease = lease;
        Refusal = refusal;
    }

    /// <summary>The event. It may be answered here (<see cref="SocketEvent.Ack"/>): then the error is not sent.</summary>
    public SocketEvent Event { get; }

    /// <summary>The lease that was not acquired; its metadata may say when to try again. Not to be kept.</summary>
    public RateLimitLease Lease { get; }

    /// <summary>After how long it may be tried again; null where the limiter does not know.</summary>
    public TimeSpan? RetryAfter => Lease.TryGetMetadata(MetadataName.RetryAfter, out var after) ? after : null;

    /// <summary>What is done next: <see cref="EventRateLimiterOptions.Refusal"/>, unless it is changed here.</summary>
    public EventRateLimitRefusal Refusal { get; set; }
}
