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

    private const string Localhost = ".localhost";
    private const int MostNamed = 256;

    private readonly Lock _lock = new();
    private readonly Dictionary<string, SslStreamCertificateContext> _named = [];
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
    public SslStreamCertificateContext For(string name)
    {
        if (own?.For(name) is { } brought)
        {
            return brought;
        }

        lock (_lock)
        {
            SslStreamCertificateContext current = Current(time.GetUtcNow());
            return IsBelowLocalhost(name) ? Named(name.ToLowerInvariant()) : current;
        }
    }

    private static bool IsBelowLocalhost(string name) =>
        name.EndsWith(Localhost, StringComparison.OrdinalIgnoreCase) && Uri.CheckHostName(name) is UriHostNameType.Dns;

    /// <summary>One certificate for one name, since OpenSSL takes no wildcard right below a top-level name.</summary>
    private SslStreamCertificateContext Named(string name)
    {
        if (_named.TryGetValue(name, out SslStreamCertificateContext? made))
        {
            return made;
        }

        if (_named.Count >= MostNamed)
        {
            _named.Clear();
        }

        return _named[name] = Create(names with { Hosts = [.. names.Hosts, name] }, time.GetUtcNow());
    }

    private SslStreamCertificateContext Current(DateTimeOffset now)
    {
        if (_current is null || now >= _renewAt)
        {
            _named.Clear();
            _current = Create(names, now);

            // A day at the least, since at the end of the authority nothing longer can be made.
            DateTimeOffset wanted = _current.TargetCertificate.NotAfter - RenewBefore;
            _renewAt = wanted > now.AddDays(1) ? wanted : now.AddDays(1);
        }

        return _current;
    }

    // Connections that have one use it beyond its place here: it is left to the garbage collector.
    private SslStreamCertificateContext Create(ServerNames holdsFor, DateTimeOffset now) =>
        SslStreamCertificateContext.Create(authority.Issue(holdsFor, now), additionalCertificates: null, offline: true);
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
