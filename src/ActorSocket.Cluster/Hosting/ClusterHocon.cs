using System.Globalization;
using System.Text;
using ActorSocket.Hosting;
using Akka.Configuration;

namespace ActorSocket.Clustering;

/// <summary>The options that Akka must know, as it reads them. What is not an option stands in <c>hocon/cluster.conf</c>.</summary>
internal static class ClusterHocon
{
    public static Config Render(string systemName, ActorSocketClusterOptions options)
    {
        var hocon = new StringBuilder("akka.actor.provider = cluster\n");
        Line("akka.remote.dot-netty.tcp.hostname", HoconText.Quote(options.Hostname));
        Line("akka.remote.dot-netty.tcp.port", Number(options.Port!.Value));
        if ((options.PublicHostname ?? (options.IsPublicHostnameMissing ? OwnAddress.Find(options.Hostname) : null)) is { } publicHostname)
            Line("akka.remote.dot-netty.tcp.public-hostname", HoconText.Quote(publicHostname));
        if (options.PublicPort is { } publicPort)
            Line("akka.remote.dot-netty.tcp.public-port", Number(publicPort));
        var scheme = options.Tls is null ? "akka.tcp" : "akka.ssl.tcp";
        Line(
            "akka.cluster.seed-nodes",
            "[" + string.Join(", ", options.SeedNodes.Select(seed => HoconText.Quote($"{scheme}://{systemName}@{seed}"))) + "]"
        );
        Line("akka.cluster.split-brain-resolver.stable-after", Number((int)options.StableAfter.TotalMilliseconds) + "ms");
        if (options.Tls is { } tls)
        {
            Line("akka.remote.dot-netty.tcp.enable-ssl", "on");
            Line("akka.remote.dot-netty.tcp.ssl.certificate.path", HoconText.Quote(tls.CertificatePath));
            Line("akka.remote.dot-netty.tcp.ssl.certificate.password", HoconText.Quote(tls.CertificatePassword));
            Line("akka.remote.dot-netty.tcp.ssl.suppress-validation", tls.AcceptAnyCertificate ? "on" : "off");
            Line("akka.remote.dot-netty.tcp.ssl.require-mutual-authentication", "on");
            Line("akka.remote.dot-netty.tcp.ssl.validate-certificate-hostname", tls.ValidateHostname ? "on" : "off");
        }
        return ConfigurationFactory.ParseString(hocon.ToString());

        void Line(string key, string value) => hocon.Append(key).Append(" = ").Append(value).Append('\n');
    }

    private static string Number(int value) => value.ToString(CultureInfo.InvariantCulture);
}
