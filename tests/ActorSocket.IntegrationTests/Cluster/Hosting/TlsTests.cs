using System.Net;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;

namespace ActorSocket.IntegrationTests.Cluster.Hosting;

/// <summary>Mutual TLS between nodes, with certificates that were made for the test.</summary>
public sealed class TlsTests : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("actorsocket-tls-").FullName;

    [Fact]
    public async Task Nodes_with_certificates_meet_and_one_without_stays_outside()
    {
        var certificate = Certificate();
        await using var first = await Node.StartAsync(cluster => cluster.Tls = With(certificate));
        await using var second = await Node.StartAsync(cluster =>
        {
            cluster.Tls = With(certificate);
            cluster.SeedNodes.Add(first.Seed);
        });
        await Node.MeetAsync(first, second);
        Assert.StartsWith("akka.ssl.tcp://", first.Cluster.SelfAddress.ToString(), StringComparison.Ordinal);
        Assert.Contains(first.Log, static line => line.Contains(", with mutual TLS;", StringComparison.Ordinal));

        await using var plain = await Node.StartAsync(cluster => cluster.SeedNodes.Add(first.Seed));
        await using var untrusting = await StartUntrustingAsync(first.Seed);
        await using var third = await Node.StartAsync(cluster =>
        {
            cluster.Tls = With(certificate);
            cluster.SeedNodes.Add(first.Seed);
        });
        await Node.MeetAsync(first, second, third); // who came later and may is in; who came before and may not is not
        Assert.Empty(plain.Cluster.State.Members);
        Assert.Empty(untrusting?.Cluster.State.Members ?? []);
    }

    /// <summary>Akka ends a system whose TLS handshake has failed; null when it did so while the node was still being started.</summary>
    private async Task<Node?> StartUntrustingAsync(string seed)
    {
        try
        {
            return await Node.StartAsync(cluster =>
            {
                cluster.Tls = With(Certificate());
                cluster.Tls.AcceptAnyCertificate = false; // its own is signed by nobody, and so are the others'
                cluster.SeedNodes.Add(seed);
            });
        }
        catch (Exception error) when (error is InvalidOperationException or OperationCanceledException)
        {
            return null;
        }
    }

    [Fact]
    public async Task A_peer_that_shows_no_certificate_is_refused()
    {
        await using var node = await Node.StartAsync(cluster => cluster.Tls = With(Certificate()));
        using var tcp = new System.Net.Sockets.TcpClient();
        await tcp.ConnectAsync(IPAddress.Loopback, node.Cluster.SelfAddress.Port!.Value);
#pragma warning disable CA5359 // the node's certificate is the test's own
        await using var tls = new System.Net.Security.SslStream(tcp.GetStream(), false, static (_, _, _, _) => true);
#pragma warning restore CA5359
        // By TLS 1.3 a client learns with its first read that it has been refused.
        await Assert.ThrowsAnyAsync<IOException>(async () =>
        {
            await tls.AuthenticateAsClientAsync("127.0.0.1");
            if (await tls.ReadAsync(new byte[1]).AsTask().WaitAsync(Node.Patience) == 0)
                throw new IOException("closed");
        });
    }

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    private static ActorSocketClusterTls With(string path) =>
        new()
        {
            CertificatePath = path,
            CertificatePassword = "secret",
            AcceptAnyCertificate = true,
        };

    private string Certificate()
    {
        using var key = RSA.Create(2048);
        var request = new CertificateRequest("CN=node", key, HashAlgorithmName.SHA256, RSASignaturePadding.Pkcs1);
        request.CertificateExtensions.Add(
            new X509EnhancedKeyUsageExtension([new Oid("1.3.6.1.5.5.7.3.1"), new Oid("1.3.6.1.5.5.7.3.2")], critical: false)
        );
        using var certificate = request.CreateSelfSigned(DateTimeOffset.UtcNow.AddDays(-1), DateTimeOffset.UtcNow.AddDays(1));
        var path = Path.Combine(_folder, Guid.NewGuid().ToString("N") + ".pfx");
        File.WriteAllBytes(path, certificate.Export(X509ContentType.Pkcs12, "secret"));
        return path;
    }
}
