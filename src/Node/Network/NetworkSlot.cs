using System.Buffers.Binary;
using System.Net;

namespace Atoll.Node.Network;

/// <summary>The place of one sandbox in the network of this machine: a namespace and a pair of addresses.</summary>
/// <param name="Index">Its number in the pool; all else follows from it and the options.</param>
/// <param name="AllowInternet">Whether the filter lets it reach the internet.</param>
/// <param name="HostAddress">The host's end, which is the sandbox's gateway.</param>
/// <param name="GuestAddress">The sandbox's end.</param>
/// <param name="PrefixLength">Of the subnet that holds just these two.</param>
/// <param name="NetnsPath">The file that names the network namespace.</param>
/// <param name="HostInterface">The link on the host; its name tells the filter whether the internet is allowed.</param>
internal sealed record NetworkSlot(
    int Index, bool AllowInternet, IPAddress HostAddress, IPAddress GuestAddress, int PrefixLength, string NetnsPath, string HostInterface)
{
    /// <summary>The link inside of the namespace.</summary>
    public const string GuestInterface = "eth0";

    private const int SubnetPrefixLength = 30;
    private const int SubnetAddresses = 4;

    public static int Capacity(IPNetwork pool) => 1 << Math.Max(0, SubnetPrefixLength - pool.PrefixLength);

    /// <summary>
    /// <code>
    ///   pool 10.171.0.0/16, index 17:   10.171.0.68/30   .69 the host   .70 the sandbox
    /// </code>
    /// </summary>
    public static NetworkSlot At(NetworkOptions options, int index, bool allowInternet)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(index);
        ArgumentOutOfRangeException.ThrowIfGreaterThanOrEqual(index, Capacity(options.Pool));
        uint subnet = BinaryPrimitives.ReadUInt32BigEndian(options.Pool.BaseAddress.GetAddressBytes()) + (uint)(index * SubnetAddresses);
        return new NetworkSlot(
            index, allowInternet, Address(subnet + 1), Address(subnet + 2), SubnetPrefixLength,
            Path.Combine(options.NamespaceDirectory, $"slot-{index}"),
            InterfaceOf(options, index, allowInternet));
    }

    public static string InterfaceOf(NetworkOptions options, int index, bool allowInternet) =>
        $"{(allowInternet ? options.OnlinePrefix : options.OfflinePrefix)}{index}";

    private static IPAddress Address(uint value)
    {
        Span<byte> bytes = stackalloc byte[4];
        BinaryPrimitives.WriteUInt32BigEndian(bytes, value);
        return new IPAddress(bytes);
    }
}
