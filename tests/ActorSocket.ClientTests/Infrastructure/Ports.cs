using System.Collections.Concurrent;
using System.Net;
using System.Net.Sockets;

namespace ActorSocket.ClientTests.Infrastructure;

/// <summary>Ports for servers that stop and come back.</summary>
internal static class Ports
{
    // The UDP ports of the same numbers, for as long as this process lives: no other test, here or in another process, takes the port
    // between now and its server's start.
    private static readonly ConcurrentBag<UdpClient> Claims = [];

    /// <summary>A port that no outgoing connection can be given while the server is away: below Linux's ephemeral range.</summary>
    public static int Free()
    {
        while (true)
        {
            var port = Random.Shared.Next(20_000, 30_000);
            using var probe = new TcpListener(IPAddress.Loopback, port);
            try
            {
                probe.Start();
                Claims.Add(new UdpClient(new IPEndPoint(IPAddress.Loopback, port)));
                return port;
            }
            catch (SocketException)
            {
                // Taken: try another.
            }
        }
    }
}
