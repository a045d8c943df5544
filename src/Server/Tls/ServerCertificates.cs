using System.Net.Security;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using Microsoft.AspNetCore.Server.Kestrel.Https;

namespace Atoll.Server.Tls;

/// <summary>
/// Chooses the certificate of each TLS connection: the operator's own where it holds for the name that the client asks for,
/// otherwise one of the installation's authority, made anew at every start and before it ends.
/// </summary>
internal sealed class ServerCertificates(CertificateAuthority authority, ServerNames names, OwnCertificate? own, TimeProvider time)
{
    /// <summary>With less than this left, the next connection gets a new certificate.</summary>
    public static readonly TimeSpan RenewBefore = TimeSpan.FromDays(30);

    public static readonly TimeSpan HandshakeTimeout = TimeSpan.FromSeconds(10);

    private readonly Lock _lock = new();
    private SslStreamCertificateContext? _current;
    private DateTimeOffset _renewAt;

    /// <summary>For Kestrel.</summary>
    public TlsHandshakeCallbackOptions ToOptions() => new()
    {
        HandshakeTimeout = HandshakeTimeout,
        OnConnection = context => ValueTask.FromResult(
            new SslServerAuthenticationOptions { ServerCertificateContext = For(context.ClientHelloInfo.ServerName) }),
    };

    /// <param name="name">What the client asks for by SNI; empty when it says nothing, as for an address.</param>
    public SslStreamCertificateContext For(string name) => own?.For(name) ?? Current();

    private SslStreamCertificateContext Current()
    {
        DateTimeOffset now = time.GetUtcNow();
        lock (_lock)
        {
            if (_current is null || now >= _renewAt)
            {
                // Connections that have the old one still use it: it is left to the garbage collector.
                X509Certificate2 made = authority.Issue(names, now);
                _current = SslStreamCertificateContext.Create(made, additionalCertificates: null, offline: true);

                // A day at the least, since at the end of the authority nothing longer can be made.
                DateTimeOffset wanted = made.NotAfter - RenewBefore;
                _renewAt = wanted > now.AddDays(1) ? wanted : now.AddDays(1);
            }

            return _current;
        }
    }
}

/// <summary>A certificate that the operator brought, with the chain that its file holds.</summary>
internal sealed class OwnCertificate
{
    private readonly SslStreamCertificateContext _context;

    private OwnCertificate(SslStreamCertificateContext context) => _context = context;

    /// <exception cref="InvalidDataException">The files are not a certificate and its key.</exception>
    public static OwnCertificate Load(string certificatePath, string keyPath)
    {
        try
        {
            var chain = new X509Certificate2Collection();
            chain.ImportFromPemFile(certificatePath);
            return new OwnCertificate(SslStreamCertificateContext.Create(
                X509Certificate2.CreateFromPemFile(certificatePath, keyPath), chain, offline: true));
        }
        catch (CryptographicException e)
        {
            throw new InvalidDataException(
                $"--tls-certificate {certificatePath} and --tls-key {keyPath} are not a certificate in PEM and its key: {e.Message}", e);
        }
    }

    /// <summary>Null when the certificate does not hold for the name.</summary>
    public SslStreamCertificateContext? For(string name) =>
        name.Length > 0 && _context.TargetCertificate.MatchesHostname(name, allowWildcards: true) ? _context : null;
}
