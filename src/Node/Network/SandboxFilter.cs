using System.Net;
using System.Text;
using Atoll.Linux;

namespace Atoll.Node.Network;

/// <summary>
/// The packet filter around all sandboxes: one static table whose rules match links by the beginning of their names,
/// so that starting a sandbox changes no rule.
/// <code>
///   sandbox ---> prerouting: IPv6 and forged senders end here
///                   |-- to the host --> input:   only answers to what the host asked
///                   '-- elsewhere ----> forward: no other sandbox, no private range but DNS; offline ones nothing
///                   |                      '---> postrouting: the host's address as sender
///                   '-- more connections than one sandbox may have: nothing
///   world   ---> forward: only answers to what a sandbox asked
///   host    ---> sandbox: free
/// </code>
/// </summary>
/// <remarks>
/// A packet must pass every table of the machine. Where another one refuses forwarding, as Docker's does, sandboxes
/// are offline whatever is said here: <c>atoll doctor</c> tells.
/// </remarks>
internal sealed class SandboxFilter(NetworkOptions options)
{
    /// <summary>
    /// Private, shared, link-local, protocol, reserved and multicast ranges: never the internet. 168.63.129.16 looks
    /// public and is the service address of Azure, which hands out its machines' credentials.
    /// </summary>
    public static readonly IReadOnlyList<string> ClosedRanges =
    [
        "0.0.0.0/8", "10.0.0.0/8", "100.64.0.0/10", "127.0.0.0/8", "169.254.0.0/16", "172.16.0.0/12",
        "192.0.0.0/24", "192.88.99.0/24", "192.168.0.0/16", "198.18.0.0/15", "224.0.0.0/3", "168.63.129.16/32",
    ];

    private const int MostCounted = 65_536;

    /// <summary>Puts the table in the place of the one that is there, at once; connections go on. Other tables stay.</summary>
    public void Load(IReadOnlyList<IPAddress> nameservers) => Nftables.Run(Text(options, nameservers));

    /// <summary>Removes the table. Safe to repeat.</summary>
    public void Remove() => Nftables.Run(Removal(options));

    // Deleting a table that is not there is an error, declaring one that is there is none.
    private static string Removal(NetworkOptions options) => $"table inet {options.Table}\ndelete table inet {options.Table}\n";

    /// <summary>The whole table, in the language of nft(8).</summary>
    public static string Text(NetworkOptions options, IReadOnlyList<IPAddress> nameservers)
    {
        string online = $"\"{options.OnlinePrefix}*\"";
        string offline = $"\"{options.OfflinePrefix}*\"";
        var text = new StringBuilder(Removal(options));
        text.Append($$"""
            table inet {{options.Table}} {
                set connections {
                    type ipv4_addr
                    size {{Math.Min(NetworkSlot.Capacity(options.Pool), MostCounted)}}
                    flags dynamic
                }
                chain prerouting {
                    type filter hook prerouting priority raw; policy accept;
                    iifname {{online}} jump checked
                    iifname {{offline}} jump checked
                }
                chain checked {
                    meta nfproto != ipv4 drop
                    fib saddr . iif oif missing drop
                }
                chain input {
                    type filter hook input priority filter; policy accept;
                    iifname {{online}} jump to_host
                    iifname {{offline}} jump to_host
                }
                chain to_host {
                    ct direction reply ct state established,related accept
                    drop
                }
                chain forward {
                    type filter hook forward priority filter; policy accept;
                    iifname {{offline}} drop
                    oifname {{offline}} drop
                    iifname {{online}} jump from_sandbox
                    oifname {{online}} jump to_sandbox
                }
                chain from_sandbox {
                    oifname {{online}} drop
                    ct state new add @connections { ip saddr ct count over {{options.MaxConnections}} } drop

            """);
        if (nameservers.Count > 0)
        {
            string servers = $"{{ {string.Join(", ", nameservers)} }}";
            text.Append($"        ip daddr {servers} udp dport 53 accept\n");
            text.Append($"        ip daddr {servers} tcp dport 53 accept\n");
        }

        text.Append($$"""
                    ip daddr { {{string.Join(", ", ClosedRanges)}} } drop
                    accept
                }
                chain to_sandbox {
                    ct state established,related accept
                    drop
                }
                chain postrouting {
                    type nat hook postrouting priority srcnat; policy accept;
                    oifname "lo" return
                    oifname {{online}} return
                    oifname {{offline}} return
                    ip saddr {{options.Pool}} masquerade
                }
            }

            """);
        return text.ToString();
    }
}
