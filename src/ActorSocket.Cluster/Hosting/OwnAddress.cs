using System.Net;
using System.Net.NetworkInformation;
using System.Net.Sockets;

namespace ActorSocket.Clustering;

/// <summary>Which of its addresses a machine is known by, where nobody has said: in a container, the only one.</summary>
internal static class OwnAddress
{
    /// <param name="hostname">What it listens on: every address of both families (<c>::</c>), or of one.</param>
    /// <exception cref="InvalidOperationException">It has no address that others could reach.</exception>
    public static string Find(string hostname)
    {
        var found = NetworkInterface
            .GetAllNetworkInterfaces()
            .Where(static card => card.OperationalStatus == OperationalStatus.Up)
            .Select(static card => card.GetIPProperties())
            .OrderByDescending(static card => card.GatewayAddresses.Count > 0)
            .SelectMany(static card => card.UnicastAddresses)
            .Select(static unicast => unicast.Address)
            .Where(static address => !IPAddress.IsLoopback(address) && !address.IsIPv6LinkLocal)
            .ToList();
        var family = hostname == "::" ? AddressFamily.InterNetworkV6 : AddressFamily.InterNetwork;
        return (found.Find(address => address.AddressFamily == family) ?? found.FirstOrDefault())?.ToString()
            ?? throw new InvalidOperationException(
                $"ActorSocket:Cluster:Hostname is '{hostname}', and this machine has no address but its own loopback: "
                    + "set PublicHostname to what other nodes reach it by."
            );
    }
}
