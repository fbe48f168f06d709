using System.Threading.RateLimiting;
using ActorSocket.Limits;

namespace ActorSocket;

/// <summary>
/// How often clients may send events: limits for all events of a namespace, and policies for those of some names. Limiters are those of
/// System.Threading.RateLimiting, as in ASP.NET Core's <c>RateLimiterOptions</c>; see <c>UseEventRateLimiter</c>.
/// </summary>
public sealed class EventRateLimiterOptions
{
    internal List<EventPartitions> Global { get; } = [];

    internal Dictionary<string, EventPartitions> Policies { get; } = new(StringComparer.Ordinal);

    internal Dictionary<string, string> PolicyOfEvent { get; } = new(StringComparer.Ordinal);

    /// <summary>What happens to an event that exceeds a limit. <see cref="EventRateLimitRefusal.Error"/>.</summary>
    public EventRateLimitRefusal Refusal { get; set; }

    /// <summary>
    /// Is asked about each event that exceeds a limit before <see cref="EventRejectedContext.Refusal"/> is done, and may change that, such
    /// as to disconnect who does not stop. Null, the default: nobody is asked. What it throws is a handler's failure.
    /// </summary>
    public Func<EventRejectedContext, ValueTask>? OnRejected { get; set; }

    /// <summary>
    /// The most limiters of one limit or policy at a time: there is one for each key that has sent events lately. An event that would need
    /// one more is refused. 1 000 000.
    /// </summary>
    /// <exception cref="ArgumentOutOfRangeException">It is less than 1.</exception>
    public int MaxPartitions
    {
        get;
        set
        {
            ArgumentOutOfRangeException.ThrowIfLessThan(value, 1);
            field = value;
        }
    } = 1_000_000;

    /// <summary>
    /// Limits all events of the namespace. Several apply one after the other (by socket and by address, say), before an event's policy.
    /// ASP.NET Core: <c>RateLimiterOptions.GlobalLimiter</c>.
    /// </summary>
    /// <param name="partitioner">
    /// Finds who shares a limiter (see <see cref="EventPartition"/>) and makes it. Called for each event. A key that is a
    /// <see cref="Socket"/>, or a tuple with one, such as <c>(e.Socket, e.Name)</c>, has its limiter until the socket is disconnected; any
    /// other until it has been back at its full for ten seconds. Clients choose the names of events, so a key of a name without a socket
    /// may become many.
    /// </param>
    /// <returns>The options.</returns>
    public EventRateLimiterOptions AddGlobalLimiter<TPartitionKey>(Func<SocketEvent, RateLimitPartition<TPartitionKey>> partitioner)
        where TPartitionKey : notnull
    {
        Global.Add(new EventPartitions<TPartitionKey>(partitioner));
        return this;
    }

    /// <summary>
    /// Adds a policy for events that name it: by <see cref="UsePolicy"/>, or by <c>[EnableRateLimiting("name")]</c> on a hub or its method.
    /// ASP.NET Core: <c>RateLimiterOptions.AddPolicy</c>.
    /// </summary>
    /// <param name="policyName">Its name.</param>
    /// <param name="partitioner">As that of <see cref="AddGlobalLimiter"/>.</param>
    /// <returns>The options.</returns>
    /// <exception cref="ArgumentException">There is one of this name.</exception>
    public EventRateLimiterOptions AddPolicy<TPartitionKey>(
        string policyName, Func<SocketEvent, RateLimitPartition<TPartitionKey>> partitioner)
        where TPartitionKey : notnull
    {
        ArgumentNullException.ThrowIfNull(policyName);
        if (!Policies.TryAdd(policyName, new EventPartitions<TPartitionKey>(partitioner)))
            throw new ArgumentException($"There is a policy \"{policyName}\" already.", nameof(policyName));
        return this;
    }

    /// <summary>Lets a policy hold for the events of these names, all together.</summary>
    /// <param name="policyName">The name of a policy that was added.</param>
    /// <param name="eventNames">The events. One that was given a policy before has this one instead.</param>
    /// <returns>The options.</returns>
    /// <exception cref="ArgumentException">There is no such policy.</exception>
    public EventRateLimiterOptions UsePolicy(string policyName, params IEnumerable<string> eventNames)
    {
        ArgumentNullException.ThrowIfNull(policyName);
        ArgumentNullException.ThrowIfNull(eventNames);
        if (!Policies.ContainsKey(policyName))
            throw new ArgumentException($"There is no policy \"{policyName}\": call AddPolicy first.", nameof(policyName));
        foreach (var name in eventNames)
            PolicyOfEvent[name] = policyName;
        return this;
    }
}
