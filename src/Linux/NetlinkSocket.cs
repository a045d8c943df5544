using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;

namespace Atoll.Linux;

/// <summary>
/// A netlink socket to one part of the kernel: one request at a time, each answered or refused. It talks to the
/// network namespace of the thread that opened it, whichever thread uses it later.
/// </summary>
internal sealed partial class NetlinkSocket : IDisposable
{
    private const int AF_NETLINK = 16;
    private const int SOCK_RAW = 3;
    private const int SOCK_CLOEXEC = 0x80000;
    public const int NETLINK_ROUTE = 0;
    public const int NETLINK_NETFILTER = 12;
    private const int SOL_SOCKET = 1;
    private const int SO_RCVTIMEO = 20;
    private const ushort NLMSG_ERROR = 2;
    private const ushort NLMSG_DONE = 3;
    private const int HeaderBytes = 16;
    private const long AnswerSeconds = 5;
    private readonly SafeFileHandle _socket;
    private readonly byte[] _answer = new byte[32 * 1024];
    private uint _sequence;

    /// <param name="groups">The kinds of events to receive as well, as a set of RTMGRP bits.</param>
    public NetlinkSocket(uint groups = 0, int family = NETLINK_ROUTE)
    {
        _socket = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, family);
        ReadOnlySpan<long> limit = [AnswerSeconds, 0];
        ReadOnlySpan<uint> address = [AF_NETLINK, 0, groups];
        if (_socket.IsInvalid
            || setsockopt(_socket, SOL_SOCKET, SO_RCVTIMEO, limit, 2 * sizeof(long)) != 0
            || bind(_socket, address, 3 * sizeof(uint)) != 0)
        {
            SyscallException failure = SyscallException.Last("socket", $"netlink {family}");
            _socket.Dispose();
            throw failure;
        }
    }

    public void Dispose() => _socket.Dispose();

    /// <summary>Sends a request and waits until the kernel has done it.</summary>
    /// <param name="call">For the exception: what is asked for, such as <c>RTM_NEWLINK</c>.</param>
    /// <param name="body">The body of the message that came before the acknowledgement; empty when none did.</param>
    /// <returns>The error with which the kernel refused, or <see cref="Errno.None"/>.</returns>
    /// <exception cref="SyscallException">The exchange itself failed.</exception>
    public Errno Exchange(NetlinkMessage message, string call, string subject, out ReadOnlySpan<byte> body)
    {
        body = default;
        uint sequence = ++_sequence;
        ReadOnlySpan<byte> request = message.Finish(sequence);
        if (send(_socket, request, (nuint)request.Length, 0) != request.Length)
        {
            throw SyscallException.Last(call, subject);
        }

        while (true)
        {
            ReadOnlySpan<byte> rest = Receive(call, subject);
            while (rest.Length >= HeaderBytes)
            {
                int length = Math.Clamp(BitConverter.ToInt32(rest), HeaderBytes, rest.Length);
                if (BitConverter.ToUInt32(rest[8..]) == sequence)
                {
                    if (BitConverter.ToUInt16(rest[4..]) == NLMSG_ERROR)
                    {
                        return (Errno)(-BitConverter.ToInt32(rest[HeaderBytes..]));
                    }

                    // The acknowledgement comes in a datagram of its own: keep this one from being overwritten.
                    body = rest[HeaderBytes..length].ToArray();
                }

                rest = rest[Math.Min((length + 3) & ~3, rest.Length)..];
            }
        }
    }

    /// <summary>Sends a request for a listing and returns the bodies of its messages.</summary>
    /// <returns>The error with which the kernel refused or broke off, or <see cref="Errno.None"/>.</returns>
    /// <exception cref="SyscallException">The exchange itself failed.</exception>
    public Errno List(NetlinkMessage message, string call, string subject, out IReadOnlyList<byte[]> bodies)
    {
        List<byte[]> found = [];
        bodies = found;
        uint sequence = ++_sequence;
        ReadOnlySpan<byte> request = message.Finish(sequence);
        if (send(_socket, request, (nuint)request.Length, 0) != request.Length)
        {
            throw SyscallException.Last(call, subject);
        }

        while (true)
        {
            ReadOnlySpan<byte> rest = Receive(call, subject);
            while (rest.Length >= HeaderBytes)
            {
                int length = Math.Clamp(BitConverter.ToInt32(rest), HeaderBytes, rest.Length);
                if (BitConverter.ToUInt32(rest[8..]) == sequence)
                {
                    switch (BitConverter.ToUInt16(rest[4..]))
                    {
                        case NLMSG_DONE:
                            return Errno.None;
                        case NLMSG_ERROR:
                            return (Errno)(-BitConverter.ToInt32(rest[HeaderBytes..]));
                        default:
                            found.Add(rest[HeaderBytes..length].ToArray());
                            break;
                    }
                }

                rest = rest[Math.Min((length + 3) & ~3, rest.Length)..];
            }
        }
    }

    /// <summary>The next datagram, valid until the next call.</summary>
    /// <exception cref="SyscallException">EAGAIN when none came within 5 seconds.</exception>
    public ReadOnlySpan<byte> Receive(string call, string subject)
    {
        while (true)
        {
            long received = recv(_socket, _answer, (nuint)_answer.Length, 0);
            if (received >= 0)
            {
                return _answer.AsSpan(0, (int)received);
            }

            if ((Errno)Marshal.GetLastPInvokeError() != Errno.EINTR)
            {
                throw SyscallException.Last(call, subject);
            }
        }
    }

    [LibraryImport("libc", SetLastError = true)]
    private static partial SafeFileHandle socket(int family, int type, int protocol);

    [LibraryImport("libc", SetLastError = true)]
    private static partial int setsockopt(SafeFileHandle socket, int level, int option, ReadOnlySpan<long> value, uint length);

    [LibraryImport("libc", SetLastError = true)]
    private static partial int bind(SafeFileHandle socket, ReadOnlySpan<uint> address, uint length);

    [LibraryImport("libc", SetLastError = true)]
    private static partial long send(SafeFileHandle socket, ReadOnlySpan<byte> data, nuint length, int flags);

    [LibraryImport("libc", SetLastError = true)]
    private static partial long recv(SafeFileHandle socket, Span<byte> data, nuint length, int flags);
}
