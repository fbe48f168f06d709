using System.Net;
using System.Net.Sockets;
using ActorSocket.Data;

namespace ActorSocket;

/// <summary>Who shares a limit of <c>UseEventRateLimiter</c>: keys for <c>RateLimitPartition.Get…Limiter(key, …)</c>.</summary>
/// <example><code>
/// using System.Threading.RateLimiting;
///
/// io.UseEventRateLimiter(limits => limits.AddGlobalLimiter(e =>
///     RateLimitPartition.GetConcurrencyLimiter(EventPartition.OfUser(e), _ => new() { PermitLimit = 2 })));
/// </code></example>
public static class EventPartition
{
    /// <summary>
    /// The socket. Its limiters are disposed when it is disconnected, so a client that reconnects begins anew: add a limit by address
    /// where that matters.
    /// </summary>
    public static Socket OfSocket(SocketEvent e)
    {
        ArgumentNullException.ThrowIfNull(e);
        return e.Socket;
    }

    /// <summary>The authenticated user, on all of its connections to this node; of who is nobody, the address.</summary>
    public static string OfUser(SocketEvent e)
    {
        ArgumentNullException.ThrowIfNull(e);
        return UserName.Of(e.Socket.User) is { } user ? "user " + user : OfAddress(e);
    }

    /// <summary>
    /// The client's address (<see cref="Handshake.Address"/>): behind a proxy what <c>UseForwardedHeaders</c> makes of it. Of an IPv6
    /// address the first 64 bits, since one client has all that begin with them.
    /// </summary>
    public static string OfAddress(SocketEvent e)
    {
        ArgumentNullException.ThrowIfNull(e);
        var address = e.Socket.Handshake.Address;
        if (!IPAddress.TryParse(address, out var parsed) || parsed.AddressFamily != AddressFamily.InterNetworkV6)
            return address;
        if (parsed.IsIPv4MappedToIPv6)
            return parsed.MapToIPv4().ToString();
        return Convert.ToHexString(parsed.GetAddressBytes().AsSpan(0, 8));
    }
}
