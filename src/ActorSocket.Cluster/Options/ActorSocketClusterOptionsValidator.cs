using System.Globalization;
using System.Net;
using Microsoft.Extensions.Options;

namespace ActorSocket.Configuration;

internal sealed class ActorSocketClusterOptionsValidator : IValidateOptions<ActorSocketClusterOptions>
{
    public ValidateOptionsResult Validate(string? name, ActorSocketClusterOptions options)
    {
        var errors = new List<string>();
        if (!options.IsEnabled)
            return ValidateOptionsResult.Success;
        if (options.Port is < 0 or > 65535)
            Add(nameof(options.Port), options.Port, "a port: 0 to 65535");
        if (options.PublicPort is < 1 or > 65535)
            Add(nameof(options.PublicPort), options.PublicPort, "a port: 1 to 65535");
        if (string.IsNullOrWhiteSpace(options.Hostname))
            Add(nameof(options.Hostname), options.Hostname, "an address or a name");
        if (options.IsPublicHostnameMissing && options.SeedDns is null)
            Add(nameof(options.Hostname), options.Hostname, "one that other nodes can reach, or PublicHostname must be set");
        if (options.SeedNodes.Count > 0 && options.SeedDns is not null)
            Add(nameof(options.SeedDns), options.SeedDns, "absent when SeedNodes are listed");
        foreach (var seed in options.SeedNodes)
        {
            var colon = seed.LastIndexOf(':');
            if (
                colon <= 0
                || !int.TryParse(seed.AsSpan(colon + 1), NumberStyles.None, CultureInfo.InvariantCulture, out var port)
                || port is < 1 or > 65535
            )
                Add(nameof(options.SeedNodes), seed, "host:port");
        }
        foreach (
            var (key, time) in new[]
            {
                (nameof(options.StableAfter), options.StableAfter),
                (nameof(options.JoinTimeout), options.JoinTimeout),
                (nameof(options.RequestTimeout), options.RequestTimeout),
            }
        )
        {
            if (time < TimeSpan.FromMilliseconds(1) || time > TimeSpan.FromHours(1))
                Add(key, time, "between a millisecond and an hour");
        }
        if (options.MaxEntityStateBytes < 0)
            Add(nameof(options.MaxEntityStateBytes), options.MaxEntityStateBytes, "0 or more");
        if (options.Tls is { } tls && !File.Exists(tls.CertificatePath))
            Add("Tls:CertificatePath", tls.CertificatePath, "a PKCS #12 file that exists");
        return errors.Count == 0 ? ValidateOptionsResult.Success : ValidateOptionsResult.Fail(errors);

        void Add(string key, object? value, string allowed) => errors.Add($"ActorSocket:Cluster:{key} is '{value}'; it must be {allowed}.");
    }

    /// <summary>Whether an address is one that the world cannot reach.</summary>
    public static bool IsPrivate(string host)
    {
        if (!IPAddress.TryParse(host, out var address))
            return host.Equals("localhost", StringComparison.OrdinalIgnoreCase)
                || !host.Contains('.', StringComparison.Ordinal)
                || host.EndsWith(".local", StringComparison.OrdinalIgnoreCase);
        if (IPAddress.IsLoopback(address))
            return true;
        var bytes = address.MapToIPv6().GetAddressBytes();
        return address.IsIPv4MappedToIPv6 || address.AddressFamily == System.Net.Sockets.AddressFamily.InterNetwork
            ? bytes[12] == 10
                || (bytes[12] == 172 && bytes[13] is >= 16 and <= 31)
                || (bytes[12] == 192 && bytes[13] == 168)
                || (bytes[12] == 169 && bytes[13] == 254)
            : (bytes[0] & 0xFE) == 0xFC || (bytes[0] == 0xFE && (bytes[1] & 0xC0) == 0x80);
    }
}
