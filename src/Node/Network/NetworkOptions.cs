using System.Net;

namespace Atoll.Node.Network;

/// <summary>Where the network of sandboxes lives on this machine.</summary>
internal sealed record NetworkOptions
{
    /// <summary>The addresses for sandboxes, four per sandbox: a /16 holds 16,384 of them.</summary>
    public IPNetwork Pool { get; init; } = IPNetwork.Parse("10.171.0.0/16");

    /// <summary>Directory of the named network namespaces; does not outlive a reboot.</summary>
    public string NamespaceDirectory { get; init; } = "/run/atoll/netns";

    /// <summary>
    /// Begins the names of the links on the host: <c>at</c> gives <c>atl17</c> for a sandbox that may reach the
    /// internet and <c>atx17</c> for one that may not. No other link may have a name that begins like these.
    /// </summary>
    public string InterfacePrefix { get; init; } = "at";

    /// <summary>Name of the nftables table of family inet that is Atoll's own.</summary>
    public string Table { get; init; } = "atoll";

    /// <summary>
    /// How many connections, datagram flows included, one sandbox may have open to the outside: the table in which the
    /// kernel keeps them is one for the whole machine.
    /// </summary>
    public int MaxConnections { get; init; } = 4096;

    /// <summary>The kernel's switch that makes this machine a router.</summary>
    public string ForwardingSwitch { get; init; } = "/proc/sys/net/ipv4/ip_forward";

    public string OnlinePrefix => InterfacePrefix + "l";

    public string OfflinePrefix => InterfacePrefix + "x";
}
