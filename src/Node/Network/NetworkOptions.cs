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

    public string OnlinePrefix => InterfacePrefix + "l";

    public string OfflinePrefix => InterfacePrefix + "x";
}
