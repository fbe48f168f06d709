namespace ActorSocket;

/// <summary>
/// How long, and how many, events with an idempotency key are remembered, by each namespace, and by all namespaces of one template
/// together. What does not fit is forgotten, the oldest first.
/// </summary>
public sealed class IdempotencyOptions
{
    /// <summary>How long after it came first an event is remembered: longer than a client goes on trying. 5 minutes.</summary>
    public TimeSpan Window { get; set; } = TimeSpan.FromMinutes(5);

    /// <summary>The most events that are remembered. 10 000.</summary>
    public int MaxKeys { get; set; } = 10_000;

    /// <summary>The most bytes of their keys and answers. 16 MiB.</summary>
    public int MaxBytes { get; set; } = 16 * 1024 * 1024;
}
