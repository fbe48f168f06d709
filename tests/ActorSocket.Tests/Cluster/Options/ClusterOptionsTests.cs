using ActorSocket.Configuration;

namespace ActorSocket.Tests.Cluster.Options;

public sealed class ClusterOptionsTests
{
    [Fact]
    public void Options_that_cannot_be_are_refused_at_start()
    {
        var options = new ActorSocketClusterOptions
        {
            Port = 70_000,
            PublicPort = 0,
            Hostname = "0.0.0.0",
            SeedDns = "nodes",
            StableAfter = TimeSpan.Zero,
            Tls = new() { CertificatePath = "/is/not/there.pfx" },
        };
        options.SeedNodes.Add("no port");
        var failures = new ActorSocketClusterOptionsValidator().Validate(null, options).Failures!.ToList();
        foreach (var key in (string[])["Port", "PublicPort", "SeedDns", "SeedNodes", "StableAfter", "Tls:CertificatePath"])
            Assert.Contains(failures, failure => failure.StartsWith($"ActorSocket:Cluster:{key} is '", StringComparison.Ordinal));
        Assert.Equal(6, failures.Count);
        options.SeedDns = null; // without it nobody says which of its addresses others are to use
        failures = [.. new ActorSocketClusterOptionsValidator().Validate(null, options).Failures!];
        Assert.Contains(failures, static failure => failure.StartsWith("ActorSocket:Cluster:Hostname is '", StringComparison.Ordinal));
        options.Port = null;
        Assert.True(new ActorSocketClusterOptionsValidator().Validate(null, options).Succeeded);
    }

    [Theory]
    [InlineData("127.0.0.1", true)]
    [InlineData("localhost", true)]
    [InlineData("10.1.2.3", true)]
    [InlineData("172.31.0.1", true)]
    [InlineData("172.32.0.1", false)]
    [InlineData("192.168.1.1", true)]
    [InlineData("169.254.1.1", true)]
    [InlineData("fd00::1", true)]
    [InlineData("fe80::1", true)]
    [InlineData("::1", true)]
    [InlineData("::ffff:10.0.0.1", true)]
    [InlineData("::ffff:8.8.8.8", false)]
    [InlineData("0.0.0.0", false)]
    [InlineData("203.0.113.7", false)]
    [InlineData("2001:db8::1", false)]
    [InlineData("node1", true)]
    [InlineData("node1.local", true)]
    [InlineData("node1.example.com", false)]
    public void A_private_address_is_told_from_a_public_one(string host, bool isPrivate) =>
        Assert.Equal(isPrivate, ActorSocketClusterOptionsValidator.IsPrivate(host));
}
