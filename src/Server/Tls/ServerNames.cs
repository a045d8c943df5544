using System.Net;
using System.Security.Cryptography.X509Certificates;

namespace Atoll.Server.Tls;

/// <summary>What the server's certificate says the server is called: every name and address under which clients may reach it.</summary>
internal sealed record ServerNames(IReadOnlyList<string> Hosts, IReadOnlyList<IPAddress> Addresses)
{
    /// <param name="listen">Where the server listens.</param>
    /// <param name="machine">The machine's own name.</param>
    /// <param name="domain">The domain below which sandboxes have names; null when they have none.</param>
    public static ServerNames Of(IPAddress listen, string machine, string? domain)
    {
        List<string> hosts = ["localhost", "*.localhost"];
        hosts.AddRange(new[] { machine, domain, domain is null ? null : "*." + domain }
            .OfType<string>().Where(name => Uri.CheckHostName(name.Replace("*.", "")) is UriHostNameType.Dns));
        List<IPAddress> addresses = [IPAddress.Loopback, IPAddress.IPv6Loopback];
        if (!listen.Equals(IPAddress.Any) && !listen.Equals(IPAddress.IPv6Any))
        {
            addresses.Add(listen);
        }

        return new ServerNames([.. hosts.Distinct(StringComparer.OrdinalIgnoreCase)], [.. addresses.Distinct()]);
    }

    public X509Extension ToExtension()
    {
        var names = new SubjectAlternativeNameBuilder();
        foreach (string host in Hosts)
        {
            names.AddDnsName(host);
        }

        foreach (IPAddress address in Addresses)
        {
            names.AddIpAddress(address);
        }

        return names.Build();
    }
}
