using System.Net;
using static Atoll.Linux.NetlinkFlags;

namespace Atoll.Linux;

/// <summary>
/// The kernel's table of connections that pass through this machine, over nfnetlink_conntrack; libnetfilter_conntrack(3).
/// One entry of a listing:
/// <code>
///   family 1 | version 1 | id 2 | CTA_TUPLE_ORIG ( CTA_TUPLE_IP ( source, destination ), protocol and ports ) | CTA_ZONE | ...
/// </code>
/// </summary>
public static class ConnectionTracking
{
    private const ushort NFNL_SUBSYS_CTNETLINK = 1 << 8, IPCTNL_MSG_CT_GET = 1, IPCTNL_MSG_CT_DELETE = 2;
    private const int CTA_TUPLE_ORIG = 1, CTA_ZONE = 18, CTA_FILTER = 25, CTA_FILTER_ORIG_FLAGS = 1, CTA_FILTER_REPLY_FLAGS = 2;
    private const int CTA_TUPLE_IP = 1, CTA_IP_V4_SRC = 1, CTA_IP_V4_DST = 2;
    private const int NLA_F_NESTED = 0x8000, NLA_TYPE_MASK = 0x3FFF;
    private const byte AF_INET = 2;
    private const int GenericHeaderBytes = 4;

    /// <summary>
    /// Ends the connections that <paramref name="address"/> began or that were begun to it: later packets of them are no
    /// longer known. Does nothing where the kernel tracks none.
    /// </summary>
    /// <exception cref="SyscallException">With the address as subject.</exception>
    public static void Forget(IPAddress address)
    {
        using var socket = new NetlinkSocket(family: NetlinkSocket.NETLINK_NETFILTER);
        foreach (int end in (ReadOnlySpan<int>)[CTA_IP_V4_SRC, CTA_IP_V4_DST])
        {
            Errno refusal = socket.List(Listing(address, end), "IPCTNL_MSG_CT_GET", address.ToString(), out IReadOnlyList<byte[]> entries);

            // EINVAL: the kernel has no connection tracking, or not the part of it that answers here.
            if (refusal is not (Errno.None or Errno.EINVAL or Errno.EOPNOTSUPP))
            {
                throw new SyscallException("IPCTNL_MSG_CT_GET", address.ToString(), refusal);
            }

            foreach (byte[] entry in entries)
            {
                Delete(socket, entry, address, end);
            }
        }
    }

    // Kernels of before 5.8 know no filter and list everything: what comes is looked at in any case.
    private static NetlinkMessage Listing(IPAddress address, int end)
    {
        NetlinkMessage message = Message(IPCTNL_MSG_CT_GET, NLM_F_REQUEST | NLM_F_DUMP);
        int tuple = message.Begin(CTA_TUPLE_ORIG | NLA_F_NESTED);
        int addresses = message.Begin(CTA_TUPLE_IP | NLA_F_NESTED);
        message.Attribute(end, address.GetAddressBytes());
        message.End(addresses);
        message.End(tuple);
        int filter = message.Begin(CTA_FILTER | NLA_F_NESTED);
        message.Attribute(CTA_FILTER_ORIG_FLAGS, end == CTA_IP_V4_SRC ? 1 : 2);
        message.Attribute(CTA_FILTER_REPLY_FLAGS, 0);
        message.End(filter);
        return message;
    }

    private static void Delete(NetlinkSocket socket, byte[] entry, IPAddress address, int end)
    {
        ReadOnlySpan<byte> attributes = entry.AsSpan(GenericHeaderBytes);
        ReadOnlySpan<byte> tuple = Attribute(attributes, CTA_TUPLE_ORIG);
        if (!Attribute(Attribute(tuple, CTA_TUPLE_IP), end).SequenceEqual(address.GetAddressBytes()))
        {
            return;
        }

        NetlinkMessage message = Message(IPCTNL_MSG_CT_DELETE, NLM_F_REQUEST | NLM_F_ACK);
        message.Attribute(CTA_TUPLE_ORIG | NLA_F_NESTED, tuple);
        if (Attribute(attributes, CTA_ZONE) is { IsEmpty: false } zone)
        {
            message.Attribute(CTA_ZONE, zone);
        }

        // ENOENT: it has ended meanwhile.
        Errno refusal = socket.Exchange(message, "IPCTNL_MSG_CT_DELETE", address.ToString(), out _);
        if (refusal is not (Errno.None or Errno.ENOENT))
        {
            throw new SyscallException("IPCTNL_MSG_CT_DELETE", address.ToString(), refusal);
        }
    }

    private static NetlinkMessage Message(ushort type, NetlinkFlags flags) =>
        new((ushort)(NFNL_SUBSYS_CTNETLINK | type), flags, [AF_INET, 0, 0, 0]);

    /// <summary>The value of the first attribute of a type; empty when there is none.</summary>
    private static ReadOnlySpan<byte> Attribute(ReadOnlySpan<byte> attributes, int type)
    {
        while (attributes.Length >= 4)
        {
            int length = Math.Clamp(BitConverter.ToUInt16(attributes), (ushort)4, attributes.Length);
            if ((BitConverter.ToUInt16(attributes[2..]) & NLA_TYPE_MASK) == type)
            {
                return attributes[4..length];
            }

            attributes = attributes[Math.Min((length + 3) & ~3, attributes.Length)..];
        }

        return default;
    }
}
