using System.Net;
using System.Net.Sockets;
using Akka.Actor;
using Akka.Cluster;
using Microsoft.Extensions.Logging;
using ActorSocket.Diagnostics;

namespace ActorSocket.Clustering;

/// <summary>How a node finds the others: static seeds are Akka's own matter; DNS is asked here; without either, the node is a cluster of its own.</summary>
internal sealed class ClusterJoin(Cluster cluster, ActorSocketClusterOptions options, ILogger log, TimeProvider time)
{
    private static readonly TimeSpan LookUpInterval = TimeSpan.FromSeconds(1);

    public Task StartAsync(CancellationToken cancellationToken)
    {
        var address = cluster.SelfAddress;
        log.ClusterBound(options.Hostname, address.Port ?? 0, address.ToString(), options.Tls is null ? "without TLS" : "with mutual TLS");
        if (options.Tls is null && !ActorSocketClusterOptionsValidator.IsPrivate(options.Hostname))
            log.ClusterPortOpen(options.Hostname);
        if (options.SeedDns is { } name)
            _ = JoinByDnsAsync(name, cancellationToken);
        else if (options.SeedNodes.Count == 0)
            cluster.Join(address);
        return Task.CompletedTask;
    }

    /// <summary>Of one list in one order everywhere the first forms the cluster when there is none; so the list must have settled.</summary>
    private async Task JoinByDnsAsync(string name, CancellationToken cancellationToken)
    {
        Address[] before = [];
        using var ticks = new PeriodicTimer(LookUpInterval, time);
        do
        {
            var now = await LookUpAsync(name, cancellationToken).ConfigureAwait(false);
            if (now.Length > 0 && now.SequenceEqual(before))
            {
                cluster.JoinSeedNodes(now);
                return;
            }
            before = now;
        }
        while (await ticks.WaitForNextTickAsync(cancellationToken).ConfigureAwait(false));
    }

    private async Task<Address[]> LookUpAsync(string name, CancellationToken cancellationToken)
    {
        try
        {
            var self = cluster.SelfAddress;
            var found = await Dns.GetHostAddressesAsync(name, cancellationToken).ConfigureAwait(false);
            return [.. found.Select(static address => address.ToString()).Distinct(StringComparer.Ordinal).Order(StringComparer.Ordinal).Select(host => self.WithHost(host))];
        }
        catch (SocketException error)
        {
            log.SeedLookUpFailed(name, error.SocketErrorCode.ToString());
            return [];
        }
    }
}
