using ActorSocket.Configuration;
using ActorSocket.Limits;

namespace ActorSocket;

/// <summary>Limits to how often clients may send events.</summary>
public static class EventRateLimiterExtensions
{
    /// <summary>
    /// Limits the events of the namespace's clients, by socket, user, address or whatever else, before anything of the application's hears
    /// of them. What exceeds a limit is answered with the error <c>RATE_LIMITED</c>, dropped, or ends with a disconnect
    /// (<see cref="EventRateLimiterOptions.Refusal"/>); it is counted (<c>actorsocket.server.refused_events</c>, reason
    /// <c>limited</c>). As ASP.NET Core's <c>UseRateLimiter</c>, which counts requests: a WebSocket's events are none.
    /// </summary>
    /// <remarks>
    /// The events of streams (<c>stream:next</c> and so on) count as all others, but for limits to concurrency: no handler runs
    /// for them. One that is refused ends its stream. (A limiter that has a limit to concurrency within, as one of
    /// <c>RateLimiter.CreateChained</c>, cannot be told from others, and would let a handler wait for what waits for it: give such a limit
    /// an <c>AddGlobalLimiter</c> of its own.)
    /// Limits are those of one node. Acknowledgements are no events, nor are handshakes: for these the endpoint takes
    /// <c>RequireRateLimiting</c>. A limiter with a queue holds an event back, and with it the later events of its socket, until there is a
    /// permit. Of namespaces by a pattern call it on their template, for all of them together.
    /// </remarks>
    /// <param name="ns">The namespace; the server stands for <c>/</c>.</param>
    /// <param name="configure">The limits.</param>
    /// <returns>The namespace.</returns>
    /// <exception cref="InvalidOperationException">It was called before, or a hub names a policy that there is not.</exception>
    public static Namespace UseEventRateLimiter(this Namespace ns, Action<EventRateLimiterOptions> configure)
    {
        ArgumentNullException.ThrowIfNull(ns);
        Callback.ThrowIfAsyncVoid(configure); // what it sets after its first await would come too late
        if (ns.Services.Gate is not null)
            throw new InvalidOperationException($"The events of {ns.Name} are limited already: UseEventRateLimiter is called once.");
        var options = new EventRateLimiterOptions();
        configure(options);
        var limiter = new EventLimiter(options, ns.Services.Server.Time);
        foreach (var policy in ns.Services.EventPolicies?.Values ?? [])
        {
            if (policy is not null)
                limiter.ThrowIfUnknown(policy);
        }
        ns.Services.Gate = limiter;
        return ns;
    }
}
