using System.Net;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;

namespace ActorSocket.ClientTests.Infrastructure;

/// <summary>A certificate that nobody has signed but itself, for 127.0.0.1 and localhost, made for one test.</summary>
internal sealed class SelfSigned : IDisposable
{
    public SelfSigned()
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var request = new CertificateRequest("CN=localhost", key, HashAlgorithmName.SHA256);
        var names = new SubjectAlternativeNameBuilder();
        names.AddIpAddress(IPAddress.Loopback);
        names.AddDnsName("localhost");
        request.CertificateExtensions.Add(names.Build());
        request.CertificateExtensions.Add(
            new X509BasicConstraintsExtension(certificateAuthority: true, hasPathLengthConstraint: false, 0, critical: true)
        );
        request.CertificateExtensions.Add(new X509EnhancedKeyUsageExtension([new Oid("1.3.6.1.5.5.7.3.1")], critical: false));
        Certificate = request.CreateSelfSigned(DateTimeOffset.UtcNow.AddDays(-1), DateTimeOffset.UtcNow.AddDays(1));
        PemFile = Path.Combine(Path.GetTempPath(), $"actorsocket-{Guid.NewGuid():N}.pem");
        File.WriteAllText(PemFile, Certificate.ExportCertificatePem());
    }

    public X509Certificate2 Certificate { get; }

    /// <summary>The certificate without its key, for clients that are to trust it.</summary>
    public string PemFile { get; }

    public void Dispose()
    {
        File.Delete(PemFile);
        Certificate.Dispose();
    }
}
