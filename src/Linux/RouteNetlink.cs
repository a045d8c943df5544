using System.Net;
using Microsoft.Win32.SafeHandles;
using static Atoll.Linux.NetlinkFlags;

namespace Atoll.Linux;

/// <summary>
/// Links, addresses and routes of the network namespace of the thread that makes it; rtnetlink(7). Not for use by
/// several threads at once.
/// </summary>
/// <remarks>Every method throws <see cref="SyscallException"/> with the link as subject when the kernel refuses.</remarks>
public sealed class RouteNetlink : IDisposable
{
    private const ushort RTM_NEWLINK = 16, RTM_DELLINK = 17, RTM_GETLINK = 18, RTM_NEWADDR = 20, RTM_NEWROUTE = 24;
    private const int IFLA_IFNAME = 3, IFLA_LINKINFO = 18, IFLA_NET_NS_FD = 28, IFLA_INFO_KIND = 1, IFLA_INFO_DATA = 2;
    private const int VETH_INFO_PEER = 1, IFA_ADDRESS = 1, IFA_LOCAL = 2, RTA_DST = 1, RTA_GATEWAY = 5;
    private const byte AF_INET = 2, RT_TABLE_MAIN = 254, RTPROT_STATIC = 4, RT_SCOPE_UNIVERSE = 0, RTN_UNICAST = 1;
    private const int IFF_UP = 1;
    private const int InterfaceInfoBytes = 16;
    private readonly NetlinkSocket _socket = new();

    public void Dispose() => _socket.Dispose();

    /// <summary>Makes two joined links, the one here, the other in another network namespace. Both are down.</summary>
    public void AddVeth(string name, string peerName, SafeFileHandle peerNamespace)
    {
        NetlinkMessage message = Link(RTM_NEWLINK, NLM_F_CREATE | NLM_F_EXCL, 0, name);
        int info = message.Begin(IFLA_LINKINFO);
        message.Attribute(IFLA_INFO_KIND, "veth");
        int data = message.Begin(IFLA_INFO_DATA);
        int peer = message.Begin(VETH_INFO_PEER);
        message.Append(stackalloc byte[InterfaceInfoBytes]);
        message.Attribute(IFLA_IFNAME, peerName);
        message.Attribute(IFLA_NET_NS_FD, (int)peerNamespace.DangerousGetHandle());
        message.End(peer);
        message.End(data);
        message.End(info);
        Do(message, "RTM_NEWLINK", name);
        GC.KeepAlive(peerNamespace);
    }

    public void SetUp(string name) => Do(Link(RTM_NEWLINK, 0, IFF_UP, name, change: IFF_UP), "RTM_NEWLINK", name);

    /// <summary>Takes a link down: nothing passes, also from the other end of a pair, which stays up. Its addresses stay.</summary>
    /// <returns>False when there is no such link.</returns>
    public bool SetDown(string name) => Do(Link(RTM_NEWLINK, 0, 0, name, change: IFF_UP), "RTM_NEWLINK", name, Errno.ENODEV);

    /// <returns>False when there is no such link.</returns>
    public bool DeleteLink(string name) => Do(Link(RTM_DELLINK, 0, 0, name), "RTM_DELLINK", name, Errno.ENODEV);

    /// <summary>The kernel's number of a link; null when there is no such link.</summary>
    public int? IndexOf(string name)
    {
        Errno refusal = _socket.Exchange(Link(RTM_GETLINK, 0, 0, name), "RTM_GETLINK", name, out ReadOnlySpan<byte> body);
        return refusal switch
        {
            Errno.None => BitConverter.ToInt32(body[4..]),
            Errno.ENODEV => null,
            _ => throw new SyscallException("RTM_GETLINK", name, refusal),
        };
    }

    /// <summary>Gives a link an IPv4 address and with it the route to its subnet; one that it has already stays.</summary>
    public void PutAddress(string name, IPAddress address, int prefixLength)
    {
        int index = IndexOf(name) ?? throw new SyscallException("RTM_NEWADDR", name, Errno.ENODEV);
        Span<byte> body = stackalloc byte[8];
        body[0] = AF_INET;
        body[1] = (byte)prefixLength;
        BitConverter.TryWriteBytes(body[4..], index);
        var message = new NetlinkMessage(RTM_NEWADDR, NLM_F_REQUEST | NLM_F_ACK | NLM_F_CREATE | NLM_F_REPLACE, body);
        message.Attribute(IFA_LOCAL, address.GetAddressBytes());
        message.Attribute(IFA_ADDRESS, address.GetAddressBytes());
        Do(message, "RTM_NEWADDR", name);
    }

    /// <summary>Sends what goes to <paramref name="destination"/> through a gateway, instead of an earlier route if there is one.</summary>
    public void PutRoute(IPNetwork destination, IPAddress gateway)
    {
        Span<byte> body = stackalloc byte[12];
        body[0] = AF_INET;
        body[1] = (byte)destination.PrefixLength;
        body[4] = RT_TABLE_MAIN;
        body[5] = RTPROT_STATIC;
        body[6] = RT_SCOPE_UNIVERSE;
        body[7] = RTN_UNICAST;
        var message = new NetlinkMessage(RTM_NEWROUTE, NLM_F_REQUEST | NLM_F_ACK | NLM_F_CREATE | NLM_F_REPLACE, body);
        if (destination.PrefixLength > 0)
        {
            message.Attribute(RTA_DST, destination.BaseAddress.GetAddressBytes());
        }

        message.Attribute(RTA_GATEWAY, gateway.GetAddressBytes());
        Do(message, "RTM_NEWROUTE", $"{destination} via {gateway}");
    }

    private static NetlinkMessage Link(ushort type, NetlinkFlags flags, int up, string name, int change = 0)
    {
        Span<byte> body = stackalloc byte[InterfaceInfoBytes];
        BitConverter.TryWriteBytes(body[8..], up);
        BitConverter.TryWriteBytes(body[12..], change);
        var message = new NetlinkMessage(type, NLM_F_REQUEST | NLM_F_ACK | flags, body);
        message.Attribute(IFLA_IFNAME, name);
        return message;
    }

    private bool Do(NetlinkMessage message, string call, string subject, Errno harmless = Errno.None)
    {
        Errno refusal = _socket.Exchange(message, call, subject, out _);
        if (refusal != Errno.None && refusal != harmless)
        {
            throw new SyscallException(call, subject, refusal);
        }

        return refusal == Errno.None;
    }
}
