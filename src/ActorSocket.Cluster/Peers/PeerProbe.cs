using System.Net.Sockets;
using Akka.Actor;

namespace ActorSocket.Clustering;

/// <summary>What is found at a node's address.</summary>
internal enum PeerPresence
{
    /// <summary>Some process listens: the node's, as far as one can tell.</summary>
    Listens,

    /// <summary>Nobody listens there any more: its process has ended.</summary>
    Refuses,

    /// <summary>Nothing is heard of the machine: nobody can say.</summary>
    Silent,
}

/// <summary>
/// Tries the address of a node that does not answer. A process that has crashed is known at once by this, seconds before the failure
/// detector knows: its machine refuses the connection. Who waits for the node's answer waits no longer; nothing else is decided by it.
/// </summary>
/// <remarks>Any thread. However many ask, one connection a second is tried.</remarks>
internal sealed class PeerProbe(Address address)
{
    private static readonly TimeSpan TimeLimit = TimeSpan.FromMilliseconds(700);
    private static readonly TimeSpan Lifetime = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan RefusedFor = TimeSpan.FromSeconds(5); // the failure detector knows by then

    private readonly Lock _gate = new();
    private Task<PeerPresence>? _last;
    private long _lastAt;
    private long _refusedAt;
    private TimeProvider? _time;

    /// <summary>Whether a connection was refused a moment ago: the process has ended.</summary>
    public bool IsProcessGone =>
        Volatile.Read(ref _time) is { } time
        && Interlocked.Read(ref _refusedAt) is not 0 and var at
        && time.GetElapsedTime(at) < RefusedFor;

    public Task<PeerPresence> TryAsync(TimeProvider time)
    {
        lock (_gate)
        {
            if (_last is not null && time.GetElapsedTime(_lastAt) < Lifetime)
                return _last;
            _lastAt = time.GetTimestamp();
            return _last = Task.Run(() => ConnectAsync(time));
        }
    }

    private async Task<PeerPresence> ConnectAsync(TimeProvider time)
    {
        using var socket = new System.Net.Sockets.Socket(SocketType.Stream, ProtocolType.Tcp);
        using var limit = new CancellationTokenSource(TimeLimit, time);
        try
        {
            await socket.ConnectAsync(address.Host, address.Port ?? 0, limit.Token).ConfigureAwait(false);
            return PeerPresence.Listens;
        }
        catch (SocketException error) when (error.SocketErrorCode is SocketError.ConnectionRefused)
        {
            Interlocked.Exchange(ref _refusedAt, time.GetTimestamp());
            Volatile.Write(ref _time, time);
            return PeerPresence.Refuses;
        }
        catch (Exception error) when (error is SocketException or OperationCanceledException or ArgumentException)
        {
            return PeerPresence.Silent;
        }
    }
}
