using ActorSocket.Diagnostics;
using ActorSocket.Sessions;
using ActorSocket.Transports;
using Akka.Actor;

namespace ActorSocket.Hosting;

/// <summary>Closes the connections of a server that stops.</summary>
internal sealed class Drain(EngineHttp http)
{
    private static readonly TimeSpan Tick = TimeSpan.FromMilliseconds(20);

    private readonly EngineServer _engine = http.Engine;

    /// <summary>
    /// Opens no more sessions, closes those that there are, and waits for their clients to take what is queued and their close. What is
    /// left after <see cref="EngineIoOptions.DrainTimeout"/> is ended without.
    /// </summary>
    /// <returns>What is left of that time.</returns>
    public async Task<TimeSpan> CloseConnectionsAsync(CancellationToken cancellationToken)
    {
        _engine.BeginDraining();
        _engine.Log.Draining(_engine.Sessions.Count);
        await CloseSessionsAsync(cancellationToken).ConfigureAwait(false);
        var closed = _engine.Time.GetTimestamp();
        http.Relay.Leave();
        var limit = _engine.Options.DrainTimeout;
        await WaitWhileAsync(() => _engine.Sessions.Count + http.Relay.OpenCount > 0, limit, cancellationToken).ConfigureAwait(false);
        foreach (var connection in _engine.Sessions.All)
            connection.Session.Tell(PoisonPill.Instance); // its client did not come for its close
        return limit - _engine.Time.GetElapsedTime(closed);
    }

    /// <summary>Completes when the condition is false, or the time is over.</summary>
    public async Task WaitWhileAsync(Func<bool> condition, TimeSpan limit, CancellationToken cancellationToken)
    {
        var start = _engine.Time.GetTimestamp();
        using var ticks = new PeriodicTimer(Tick, _engine.Time);
        while (condition() && _engine.Time.GetElapsedTime(start) < limit
            && await ticks.WaitForNextTickAsync(cancellationToken).ConfigureAwait(false))
        {
        }
    }

    /// <summary>
    /// All at once, or in slices over <see cref="EngineIoOptions.DrainPeriod"/>, so that the clients of a full node do not all come to the
    /// others together.
    /// </summary>
    private async Task CloseSessionsAsync(CancellationToken cancellationToken)
    {
        var start = _engine.Time.GetTimestamp();
        using var ticks = new PeriodicTimer(Tick, _engine.Time);
        var close = new SessionProtocol.Close(DisconnectReason.ServerShuttingDown);
        Action[] closers =
        [
            .. _engine.Sessions.All.Select(connection => (Action)(() => connection.Session.Tell(close))),
            .. http.Relay.WebSocketClosers,
        ];
        Random.Shared.Shuffle(closers);
        var period = _engine.Options.DrainPeriod;
        for (var closed = 0; closed < closers.Length;)
        {
            var share = period > TimeSpan.Zero ? _engine.Time.GetElapsedTime(start) / period : 1;
            var due = (int)Math.Min(closers.Length, Math.Ceiling(closers.Length * share));
            for (; closed < due; closed++)
                closers[closed]();
            if (closed < closers.Length && !await ticks.WaitForNextTickAsync(cancellationToken).ConfigureAwait(false))
                return;
        }
    }
}
