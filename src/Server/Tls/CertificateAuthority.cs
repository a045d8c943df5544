using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;

namespace Atoll.Server.Tls;

/// <summary>
/// The installation's own certificate authority: made once, kept with its key in a file of mode 0600 in the data directory.
/// Clients that trust it can speak TLS with the server without anybody having bought a certificate.
/// </summary>
internal sealed class CertificateAuthority
{
    /// <summary>How long the authority's certificate holds, in years; whoever trusts it must be told of its successor.</summary>
    public const int Years = 10;

    /// <summary>A certificate of the server holds this long: no client takes one of more than 398 days.</summary>
    public static readonly TimeSpan LeafLifetime = TimeSpan.FromDays(365);

    private const string FileName = "ca.key.pem";

    // Clocks of clients may be behind.
    private static readonly TimeSpan Backdated = TimeSpan.FromHours(1);

    private readonly X509Certificate2 _certificate;

    private CertificateAuthority(X509Certificate2 certificate) => _certificate = certificate;

    /// <summary>The certificate, for clients to trust.</summary>
    public string Pem => _certificate.ExportCertificatePem() + "\n";

    /// <summary>Reads the authority of a data directory, making it first when there is none.</summary>
    /// <exception cref="InvalidDataException">The file holds no authority that can be used now.</exception>
    public static CertificateAuthority Open(string dataDirectory, TimeProvider time)
    {
        string path = Path.Combine(dataDirectory, FileName);
        if (!File.Exists(path))
        {
            Make(path, time.GetUtcNow());
        }

        X509Certificate2 certificate;
        try
        {
            certificate = X509Certificate2.CreateFromPemFile(path);
        }
        catch (CryptographicException e)
        {
            throw new InvalidDataException($"{path} is no certificate with its key ({e.Message}): {Remedy}", e);
        }

        return certificate.NotAfter > time.GetUtcNow().UtcDateTime.ToLocalTime()
            ? new CertificateAuthority(certificate)
            : throw new InvalidDataException($"the certificate authority in {path} ended on {certificate.NotAfter:u}: {Remedy}");
    }

    /// <summary>Signs a new key for names and addresses, to be kept in memory only.</summary>
    public X509Certificate2 Issue(ServerNames names, DateTimeOffset now)
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var request = new CertificateRequest("CN=Atoll", key, HashAlgorithmName.SHA256);
        request.CertificateExtensions.Add(new X509BasicConstraintsExtension(false, false, 0, critical: true));
        request.CertificateExtensions.Add(new X509KeyUsageExtension(X509KeyUsageFlags.DigitalSignature, critical: true));
        request.CertificateExtensions.Add(new X509EnhancedKeyUsageExtension([new Oid("1.3.6.1.5.5.7.3.1", "serverAuth")], critical: false));
        request.CertificateExtensions.Add(names.ToExtension());
        request.CertificateExtensions.Add(new X509SubjectKeyIdentifierExtension(request.PublicKey, critical: false));
        request.CertificateExtensions.Add(X509AuthorityKeyIdentifierExtension.CreateFromCertificate(_certificate, true, false));
        DateTimeOffset from = Later(now - Backdated, _certificate.NotBefore);
        DateTimeOffset to = now + LeafLifetime < _certificate.NotAfter ? now + LeafLifetime : _certificate.NotAfter;
        using X509Certificate2 signed = request.Create(_certificate, from, to, RandomNumberGenerator.GetBytes(16));
        return signed.CopyWithPrivateKey(key);
    }

    private const string Remedy = "restore it from a backup, or remove it to have a new one made, which clients must then be told to trust";

    private static DateTimeOffset Later(DateTimeOffset one, DateTimeOffset other) => one > other ? one : other;

    // A link never replaces: of two processes that start at the same time the first one's authority stays.
    private static void Make(string path, DateTimeOffset now)
    {
        string directory = Path.GetDirectoryName(path)!;
        Directory.CreateDirectory(directory, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
        string half = Path.Combine(directory, $".{Path.GetFileName(path)}.{Guid.NewGuid():n}");
        try
        {
            using (var file = new FileStream(half, new FileStreamOptions
            {
                Mode = FileMode.CreateNew, Access = FileAccess.Write, UnixCreateMode = UnixFileMode.UserRead | UnixFileMode.UserWrite,
            }))
            {
                file.Write(System.Text.Encoding.ASCII.GetBytes(Generate(now)));
                file.Flush(flushToDisk: true);
            }

            File.Move(half, path, overwrite: false);
        }
        catch (IOException) when (File.Exists(path))
        {
        }
        finally
        {
            File.Delete(half);
        }
    }

    private static string Generate(DateTimeOffset now)
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);

        // The number keeps the authorities of several installations apart in one store of trust.
        var request = new CertificateRequest(
            $"CN=Atoll CA {RandomNumberGenerator.GetHexString(8, lowercase: true)}", key, HashAlgorithmName.SHA256);
        request.CertificateExtensions.Add(new X509BasicConstraintsExtension(true, true, 0, critical: true));
        request.CertificateExtensions.Add(new X509KeyUsageExtension(X509KeyUsageFlags.KeyCertSign | X509KeyUsageFlags.CrlSign, critical: true));
        request.CertificateExtensions.Add(new X509SubjectKeyIdentifierExtension(request.PublicKey, critical: false));
        using X509Certificate2 certificate = request.CreateSelfSigned(now - Backdated, now.AddYears(Years));
        return $"{certificate.ExportCertificatePem()}\n{key.ExportPkcs8PrivateKeyPem()}\n";
    }
}
