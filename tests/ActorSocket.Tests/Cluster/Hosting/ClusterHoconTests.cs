using ActorSocket.Clustering;
using Akka.Configuration;

namespace ActorSocket.Tests.Cluster.Hosting;

/// <summary>What an option says is what Akka reads.</summary>
public sealed class ClusterHoconTests
{
    [Fact]
    public void Each_option_is_a_line()
    {
        var options = new ActorSocketClusterOptions
        {
            Port = 8101,
            Hostname = "10.0.0.1",
            PublicHostname = "node1",
            PublicPort = 18101,
            StableAfter = TimeSpan.FromSeconds(9.5),
            Tls = new()
            {
                CertificatePath = """C:\certs\"node".pfx""",
                CertificatePassword = "se\"cret",
                AcceptAnyCertificate = true,
                ValidateHostname = true,
            },
        };
        options.SeedNodes.Add("node1:8101");
        options.SeedNodes.Add("node2:8102");
        var config = ClusterHocon.Render("game", options);
        Assert.Equal("cluster", config.GetString("akka.actor.provider"));
        var tcp = config.GetConfig("akka.remote.dot-netty.tcp");
        Assert.Equal("10.0.0.1", tcp.GetString("hostname"));
        Assert.Equal(8101, tcp.GetInt("port"));
        Assert.Equal("node1", tcp.GetString("public-hostname"));
        Assert.Equal(18101, tcp.GetInt("public-port"));
        Assert.Equal(["akka.ssl.tcp://game@node1:8101", "akka.ssl.tcp://game@node2:8102"], config.GetStringList("akka.cluster.seed-nodes"));
        Assert.Equal(TimeSpan.FromSeconds(9.5), config.GetTimeSpan("akka.cluster.split-brain-resolver.stable-after"));
        Assert.True(tcp.GetBoolean("enable-ssl"));
        Assert.Equal("""C:\certs\"node".pfx""", tcp.GetString("ssl.certificate.path"));
        Assert.Equal("se\"cret", tcp.GetString("ssl.certificate.password"));
        Assert.True(tcp.GetBoolean("ssl.suppress-validation"));
        Assert.True(tcp.GetBoolean("ssl.require-mutual-authentication"));
        Assert.True(tcp.GetBoolean("ssl.validate-certificate-hostname"));
    }

    [Fact]
    public void A_node_that_listens_everywhere_is_known_by_its_machines_address()
    {
        var options = new ActorSocketClusterOptions { Port = 8101, Hostname = "0.0.0.0", SeedDns = "nodes" };
        var own = ClusterHocon.Render("game", options).GetString("akka.remote.dot-netty.tcp.public-hostname");
        Assert.Contains(
            System.Net.IPAddress.Parse(own),
            System.Net.NetworkInformation.NetworkInterface.GetAllNetworkInterfaces()
                .SelectMany(static card => card.GetIPProperties().UnicastAddresses)
                .Select(static unicast => unicast.Address)
                .Where(static address => !System.Net.IPAddress.IsLoopback(address))
        );
        options.PublicHostname = "10.0.0.9";
        Assert.Equal("10.0.0.9", ClusterHocon.Render("game", options).GetString("akka.remote.dot-netty.tcp.public-hostname"));
    }

    [Fact]
    public void What_is_not_set_is_left_to_Akka()
    {
        var options = new ActorSocketClusterOptions { Port = 0 };
        options.SeedNodes.Add("127.0.0.1:8101");
        var config = ClusterHocon.Render("actorsocket", options);
        Assert.Equal("127.0.0.1", config.GetString("akka.remote.dot-netty.tcp.hostname"));
        Assert.Equal(["akka.tcp://actorsocket@127.0.0.1:8101"], config.GetStringList("akka.cluster.seed-nodes"));
        foreach (var absent in (string[])["public-hostname", "public-port", "enable-ssl", "ssl"])
            Assert.False(config.HasPath("akka.remote.dot-netty.tcp." + absent), absent);
        options.Tls = new() { CertificatePath = "node.pfx" };
        var tls = ClusterHocon.Render("actorsocket", options).GetConfig("akka.remote.dot-netty.tcp.ssl");
        Assert.False(tls.GetBoolean("suppress-validation"));
        Assert.False(tls.GetBoolean("validate-certificate-hostname"));
        Assert.True(tls.GetBoolean("require-mutual-authentication"));
    }

    [Fact]
    public void The_profile_is_the_documented_one()
    {
        using var stream = typeof(ActorSocketClusterOptions).Assembly.GetManifestResourceStream("ActorSocket.hocon.cluster.conf")!;
        using var reader = new StreamReader(stream);
        var config = ConfigurationFactory.ParseString(reader.ReadToEnd());
        Assert.Equal("Akka.Cluster.SBR.SplitBrainResolverProvider, Akka.Cluster", config.GetString("akka.cluster.downing-provider-class"));
        Assert.Equal("keep-majority", config.GetString("akka.cluster.split-brain-resolver.active-strategy"));
        Assert.True(config.GetBoolean("akka.cluster.run-coordinated-shutdown-when-down"));
        Assert.Equal(TimeSpan.FromSeconds(4), config.GetTimeSpan("akka.cluster.failure-detector.acceptable-heartbeat-pause"));
        Assert.Equal("off", config.GetString("akka.cluster.sharding.passivate-idle-entity-after"));
        Assert.Equal("ActorSocket.Clustering.RefusingSerializer, ActorSocket.Cluster", config.GetString("akka.actor.serializers.json"));
        Assert.Equal(TimeSpan.FromSeconds(5), config.GetTimeSpan("akka.coordinated-shutdown.phases.cluster-exiting.timeout"));
    }
}
