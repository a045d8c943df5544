using System.Net;
using System.Net.Sockets;

namespace Atoll.Control.Webhooks;

/// <summary>
/// Tells public addresses from those that a request on a user's behalf must never reach: this machine, its networks, and
/// whatever has a special purpose (IANA's special-purpose address registries, RFC 6890).
/// </summary>
internal static class PublicAddresses
{
    private static readonly IPNetwork[] Special4 =
    [
        .. new[]
        {
            "0.0.0.0/8", "10.0.0.0/8", "100.64.0.0/10", "127.0.0.0/8", "169.254.0.0/16", "172.16.0.0/12", "192.0.0.0/24", "192.0.2.0/24",
            "192.88.99.0/24", "192.168.0.0/16", "198.18.0.0/15", "198.51.100.0/24", "203.0.113.0/24", "224.0.0.0/4", "240.0.0.0/4",
        }.Select(IPNetwork.Parse),
    ];

    // All that is public is below this; loopback, local, multicast, mapped and NAT64 addresses are not.
    private static readonly IPNetwork Global6 = IPNetwork.Parse("2000::/3");

    // The second has Teredo in it, the third leads to an address of version 4.
    private static readonly IPNetwork[] Special6 =
        [.. new[] { "2001:db8::/32", "2001::/23", "2002::/16", "3fff::/20", "2620:4f:8000::/48" }.Select(IPNetwork.Parse)];

    public static bool Contains(IPAddress address)
    {
        if (address.IsIPv4MappedToIPv6)
        {
            address = address.MapToIPv4();
        }

        return address.AddressFamily switch
        {
            AddressFamily.InterNetwork => !Special4.Any(network => network.Contains(address)),
            AddressFamily.InterNetworkV6 => Global6.Contains(address) && !Special6.Any(network => network.Contains(address)),
            _ => false,
        };
    }
}
