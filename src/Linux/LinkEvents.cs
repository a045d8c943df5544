using System.Text;

namespace Atoll.Linux;

/// <summary>
/// Tells when links of the network namespace of the thread that makes it can carry packets. The kernel wakes the
/// later end of a veth pair in the background, and until then drops in silence what is sent through it.
/// </summary>
public sealed class LinkEvents : IDisposable
{
    private const uint RTMGRP_LINK = 1;
    private const ushort RTM_NEWLINK = 16;
    private const int IFLA_IFNAME = 3;
    private const int IFLA_OPERSTATE = 16;
    private const byte IF_OPER_UP = 6;
    private const int HeaderBytes = 16;
    private const int InterfaceInfoBytes = 16;
    private const int MostEvents = 1000;
    private readonly NetlinkSocket _socket = new(RTMGRP_LINK);

    public void Dispose() => _socket.Dispose();

    /// <summary>Waits for a link that was set up after this object was made.</summary>
    /// <exception cref="SyscallException">It did not come up in 5 seconds.</exception>
    public void WaitUntilUp(string name)
    {
        for (int i = 0; i < MostEvents; i++)
        {
            if (SaysUp(_socket.Receive("waiting for link", name), name))
            {
                return;
            }
        }

        throw new SyscallException("waiting for link", name, Errno.ETIMEDOUT);
    }

    internal static bool SaysUp(ReadOnlySpan<byte> datagram, string name)
    {
        bool named = false, up = false;
        if (datagram.Length < HeaderBytes + InterfaceInfoBytes || BitConverter.ToUInt16(datagram[4..]) != RTM_NEWLINK)
        {
            return false;
        }

        ReadOnlySpan<byte> rest = datagram[(HeaderBytes + InterfaceInfoBytes)..];
        while (rest.Length >= 4)
        {
            int length = Math.Clamp(BitConverter.ToUInt16(rest), (ushort)4, rest.Length);
            ReadOnlySpan<byte> value = rest[4..length];
            switch (BitConverter.ToUInt16(rest[2..]))
            {
                case IFLA_IFNAME:
                    named = Encoding.ASCII.GetString(value).TrimEnd('\0') == name;
                    break;
                case IFLA_OPERSTATE:
                    up = value is [IF_OPER_UP];
                    break;
            }

            rest = rest[Math.Min((length + 3) & ~3, rest.Length)..];
        }

        return named && up;
    }
}
