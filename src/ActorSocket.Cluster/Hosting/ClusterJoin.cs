using System.Net;
using System.Net.Sockets;
using ActorSocket.Configuration;
using Akka.Actor;
using Akka.Cluster;
using Microsoft.Extensions.Logging;

namespace ActorSocket.Clustering;

/// <summary>Asks for the addresses of a name.</summary>
internal sealed record SeedLookUp(Func<string, CancellationToken, Task<IPAddress[]>> AskAsync)
{
    public static readonly SeedLookUp Dns = new(System.Net.Dns.GetHostAddressesAsync);
}

/// <summary>
/// How a node finds the others: static seeds are Akka's own matter; DNS is asked here; without either, the node is a cluster of its own.
/// </summary>
internal sealed class ClusterJoin(Cluster cluster, ActorSocketClusterOptions options, SeedLookUp lookUp, ILogger log, TimeProvider time)
{
    private static readonly TimeSpan LookUpInterval = TimeSpan.FromSeconds(1);

    /// <summary>
    /// So many equal answers, and the list has settled: for longer than a headless service's answers are cached (5 s), so that nodes that
    /// start together see each other.
    /// </summary>
    private const int Settled = 6;

    /// <param name="stopping">Ends the search.</param>
    public void Start(CancellationToken stopping)
    {
        var address = cluster.SelfAddress;
        log.ClusterBound(options.Hostname, address.Port ?? 0, address.ToString(), options.Tls is null ? "without TLS" : "with mutual TLS");
        if (options.Tls is null && !ActorSocketClusterOptionsValidator.IsPrivate(options.Hostname))
            log.ClusterPortOpen(options.Hostname);
        if (options.SeedDns is { } name)
            _ = JoinByDnsAsync(name, stopping);
        else if (options.SeedNodes.Count == 0)
            cluster.Join(address);
    }

    /// <summary>
    /// Whoever is listed is asked at once for a cluster to join. Only the first of the list forms one, once the list has settled, and after
    /// it has asked the others once more. Until then the list may change: a node that comes late, one that is gone.
    /// </summary>
    private async Task JoinByDnsAsync(string name, CancellationToken stopping)
    {
        var self = cluster.SelfAddress;
        Address[] before = [];
        var unchanged = 0;
        using var ticks = new PeriodicTimer(LookUpInterval, time);
        do
        {
            if (cluster.State.Members.Any(member => member.UniqueAddress.Equals(cluster.SelfUniqueAddress)))
                return;
            var now = await LookUpAsync(name, self, stopping).ConfigureAwait(false);
            Address[] others = [.. now.Where(address => !address.Equals(self))];
            unchanged = now.Length > 0 && now.SequenceEqual(before) ? unchanged + 1 : 0;
            before = now;
            if (unchanged == 0 && others.Length > 0)
                cluster.JoinSeedNodes(others);
            if (unchanged != Settled)
                continue;
            if (others.Length == now.Length)
                log.SelfNotFound(self.ToString(), name);
            else if (now[0].Equals(self))
                cluster.JoinSeedNodes([self, .. others]);
        }
        while (await WaitAsync(ticks, stopping).ConfigureAwait(false));
    }

    private static async Task<bool> WaitAsync(PeriodicTimer ticks, CancellationToken stopping)
    {
        try
        {
            return await ticks.WaitForNextTickAsync(stopping).ConfigureAwait(false);
        }
        catch (OperationCanceledException)
        {
            return false;
        }
    }

    /// <summary>In one order on every node. A node has one address: of two families, those of its own.</summary>
    private async Task<Address[]> LookUpAsync(string name, Address self, CancellationToken stopping)
    {
        try
        {
            var found = await lookUp.AskAsync(name, stopping).ConfigureAwait(false);
            if (IPAddress.TryParse(self.Host, out var own))
                found = Array.FindAll(found, address => address.AddressFamily == own.AddressFamily);
            return
            [
                .. found
                    .Select(static address => address.ToString())
                    .Distinct(StringComparer.Ordinal)
                    .Order(StringComparer.Ordinal)
                    .Select(host => self.WithHost(host)),
            ];
        }
        catch (SocketException error)
        {
            log.SeedLookUpFailed(name, error.SocketErrorCode.ToString());
            return [];
        }
        catch (OperationCanceledException)
        {
            return [];
        }
    }
}
