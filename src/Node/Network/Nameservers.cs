using System.Net;
using System.Net.Sockets;

namespace Atoll.Node.Network;

/// <summary>Finds the nameservers that sandboxes are to ask: the host's, but for those that only the host can reach.</summary>
internal static class Nameservers
{
    /// <summary>As many as a resolver looks at; resolv.conf(5).</summary>
    private const int Most = 3;

    /// <summary>The host's own servers; behind a resolver on loopback, those which that resolver asks. May be empty.</summary>
    public static IReadOnlyList<IPAddress> OfHost() =>
        Choose(ReadIfThere("/etc/resolv.conf"), ReadIfThere("/run/systemd/resolve/resolv.conf"));

    public static IReadOnlyList<IPAddress> Choose(string own, string behindLoopback) =>
        Parse(own) is { Count: > 0 } reachable ? reachable : Parse(behindLoopback);

    /// <summary>The IPv4 servers of a resolv.conf that are not on loopback, in their order, each once.</summary>
    public static IReadOnlyList<IPAddress> Parse(string resolvConf)
    {
        List<IPAddress> servers = [];
        foreach (string line in resolvConf.Split('\n'))
        {
            string[] words = line.Split([' ', '\t', '\r'], StringSplitOptions.RemoveEmptyEntries);
            if (words is ["nameserver", var text, ..]
                && IPAddress.TryParse(text, out IPAddress? address)
                && address.AddressFamily == AddressFamily.InterNetwork
                && !IPAddress.IsLoopback(address)
                && !address.Equals(IPAddress.Any)
                && !servers.Contains(address)
                && servers.Count < Most)
            {
                servers.Add(address);
            }
        }

        return servers;
    }

    /// <summary>The resolv.conf of a sandbox.</summary>
    public static string Configuration(IReadOnlyList<IPAddress> servers) =>
        string.Concat(servers.Select(server => $"nameserver {server}\n"));

    private static string ReadIfThere(string path) => File.Exists(path) ? File.ReadAllText(path) : "";
}
