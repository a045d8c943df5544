using System.Net;
using System.Security.Cryptography.X509Certificates;
using Atoll.Server.Tls;
using Atoll.Unit.Control;
using Xunit;

namespace Atoll.Unit.Edge;

public sealed class CertificateTests : IDisposable
{
    private static readonly ServerNames Names = ServerNames.Of(IPAddress.Parse("192.0.2.7"), "box", "sandboxes.example.com");
    private readonly string _data = Directory.CreateTempSubdirectory("atoll-ca-").FullName;
    private readonly FakeTime _time = new();

    public void Dispose() => Directory.Delete(_data, recursive: true);

    [Fact]
    public void An_authority_is_made_once_and_stays()
    {
        string first = CertificateAuthority.Open(_data, _time).Pem;

        Assert.Equal(first, CertificateAuthority.Open(_data, _time).Pem);
        Assert.Equal(["ca.key.pem"], Directory.EnumerateFiles(_data).Select(Path.GetFileName));
        using X509Certificate2 certificate = X509Certificate2.CreateFromPem(first);
        Assert.Equal(_time.GetUtcNow().AddYears(CertificateAuthority.Years).UtcDateTime, certificate.NotAfter.ToUniversalTime(), TimeSpan.FromSeconds(1));
    }

    [Fact]
    public void A_file_that_is_no_authority_is_told_with_what_to_do()
    {
        File.WriteAllText(Path.Combine(_data, "ca.key.pem"), "nonsense");

        string message = Assert.Throws<InvalidDataException>(() => CertificateAuthority.Open(_data, _time)).Message;
        Assert.Contains("ca.key.pem", message, StringComparison.Ordinal);
        Assert.Contains("remove it", message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("localhost", true)]
    [InlineData("127.0.0.1", true)]
    [InlineData("::1", true)]
    [InlineData("192.0.2.7", true)]
    [InlineData("box", true)]
    [InlineData("sandboxes.example.com", true)]
    [InlineData("3000-x.sandboxes.example.com", true)]
    [InlineData("example.com", false)]
    [InlineData("192.0.2.8", false)]
    public void The_servers_certificate_holds_for_each_of_its_names(string name, bool holds) =>
        Assert.Equal(holds, CertificateAuthority.Open(_data, _time).Issue(Names, _time.GetUtcNow()).MatchesHostname(name));

    [Fact]
    public void The_certificate_is_renewed_before_it_ends_and_not_earlier()
    {
        ServerCertificates certificates = new(CertificateAuthority.Open(_data, _time), Names, own: null, _time);
        string first = certificates.For("localhost").TargetCertificate.Thumbprint;

        _time.Advance(CertificateAuthority.LeafLifetime - ServerCertificates.RenewBefore - TimeSpan.FromDays(1));
        Assert.Equal(first, certificates.For("localhost").TargetCertificate.Thumbprint);
        _time.Advance(TimeSpan.FromDays(2));
        Assert.NotEqual(first, certificates.For("localhost").TargetCertificate.Thumbprint);
    }

    [Fact]
    public void The_operators_own_certificate_is_used_for_its_names_only()
    {
        using X509Certificate2 bought = CertificateAuthority.Open(_data, _time)
            .Issue(new ServerNames(["atoll.example.org"], []), _time.GetUtcNow());
        (string certificate, string key) = (Path.Combine(_data, "own.pem"), Path.Combine(_data, "own.key"));
        File.WriteAllText(certificate, bought.ExportCertificatePem());
        File.WriteAllText(key, bought.GetECDsaPrivateKey()!.ExportPkcs8PrivateKeyPem());
        ServerCertificates certificates = new(CertificateAuthority.Open(_data, _time), Names, OwnCertificate.Load(certificate, key), _time);

        Assert.Equal(bought.Thumbprint, certificates.For("atoll.example.org").TargetCertificate.Thumbprint);
        Assert.NotEqual(bought.Thumbprint, certificates.For("localhost").TargetCertificate.Thumbprint);
        Assert.NotEqual(bought.Thumbprint, certificates.For("").TargetCertificate.Thumbprint);
        Assert.Throws<InvalidDataException>(() => OwnCertificate.Load(key, certificate));
    }
}
