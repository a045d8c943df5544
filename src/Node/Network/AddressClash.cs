using System.Globalization;
using System.Net;
using System.Net.NetworkInformation;
using System.Net.Sockets;
using System.Numerics;
using Atoll.Domain;

namespace Atoll.Node.Network;

/// <summary>Finds what on this machine uses addresses of the pool already: one of both would become unreachable.</summary>
internal static class AddressClash
{
    /// <summary>Routes to more than this are ways to everywhere, such as the halves that VPNs put over the default route.</summary>
    private const int ShortestPrefix = 8;

    /// <exception cref="FaultException">With the link that uses the addresses.</exception>
    public static void ThrowIfAny(NetworkOptions options)
    {
        IEnumerable<UsedNetwork> used = Routes(File.ReadAllText("/proc/net/route")).Concat(Addresses());
        if (Find(used, options) is { } clash)
        {
            throw new Fault(
                FaultCode.InvalidArgument,
                $"--network-pool {options.Pool} overlaps {clash.Network}, which link {clash.Link} of this machine uses: choose a private range that is free here")
                .AsException();
        }
    }

    /// <summary>The first that overlaps the pool and is not a sandbox's own.</summary>
    public static UsedNetwork? Find(IEnumerable<UsedNetwork> used, NetworkOptions options) => used.FirstOrDefault(network =>
        network.Network.PrefixLength >= ShortestPrefix && Overlaps(network.Network, options.Pool) && !IsOwn(network.Link, options));

    /// <summary>The destinations in the text of /proc/net/route, whose numbers are in the machine's byte order.</summary>
    public static IReadOnlyList<UsedNetwork> Routes(string text)
    {
        List<UsedNetwork> routes = [];
        foreach (string line in text.Split('\n').Skip(1))
        {
            if (line.Split('\t') is [var link, var destination, _, _, _, _, _, var mask, ..])
            {
                routes.Add(new UsedNetwork(link.Trim(), new IPNetwork(Address(destination), BitOperations.PopCount(Number(mask)))));
            }
        }

        return routes;
    }

    private static IEnumerable<UsedNetwork> Addresses() =>
        from link in NetworkInterface.GetAllNetworkInterfaces()
        from address in link.GetIPProperties().UnicastAddresses
        where address.Address.AddressFamily == AddressFamily.InterNetwork
        select new UsedNetwork(link.Name, new IPNetwork(address.Address, 32));

    private static bool Overlaps(IPNetwork one, IPNetwork other) => one.Contains(other.BaseAddress) || other.Contains(one.BaseAddress);

    private static bool IsOwn(string link, NetworkOptions options) =>
        link.StartsWith(options.OnlinePrefix, StringComparison.Ordinal) || link.StartsWith(options.OfflinePrefix, StringComparison.Ordinal);

    private static uint Number(string hex) => uint.Parse(hex, NumberStyles.HexNumber, CultureInfo.InvariantCulture);

    private static IPAddress Address(string hex) => new(BitConverter.GetBytes(Number(hex)));
}

/// <summary>Addresses that a link of this machine has or leads to.</summary>
internal sealed record UsedNetwork(string Link, IPNetwork Network);
