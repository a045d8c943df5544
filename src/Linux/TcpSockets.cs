using System.Buffers.Binary;
using System.Runtime.InteropServices;

namespace Atoll.Linux;

/// <summary>Non-blocking TCP for the agent's loop (socket(2), connect(2), tcp(7)).</summary>
public static unsafe partial class TcpSockets
{
    private const int AF_INET = 2;
    private const int AF_INET6 = 10;
    private const int SOCK_STREAM = 1;
    private const int SOCK_NONBLOCK = 0x800;
    private const int SOCK_CLOEXEC = 0x80000;
    private const int SOL_SOCKET = 1;
    private const int SO_REUSEADDR = 2;
    private const int SO_ERROR = 4;
    private const int SHUT_WR = 1;
    private const int IPPROTO_TCP = 6;
    private const int TCP_NODELAY = 1;
    private const int MSG_NOSIGNAL = 0x4000;
    private const int AddressSize = 16;
    private const int Address6Size = 28;

    /// <summary>Listens on every IPv4 address.</summary>
    /// <param name="port">0 lets the kernel choose one.</param>
    /// <returns>The listening socket and its port.</returns>
    public static (Descriptor Listener, int Port) Listen(int port, int backlog)
    {
        int number = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
        Descriptor listener = number >= 0 ? new Descriptor(number) : throw SyscallException.Last("socket", "AF_INET");
        int on = 1;
        setsockopt(number, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(int));
        Span<byte> address = stackalloc byte[AddressSize];
        address.Clear();
        BitConverter.TryWriteBytes(address, (ushort)AF_INET);
        BinaryPrimitives.WriteUInt16BigEndian(address[2..], (ushort)port);
        fixed (byte* pointer = address)
        {
            uint size = AddressSize;
            if (bind(number, pointer, AddressSize) != 0 || listen(number, backlog) != 0
                || getsockname(number, pointer, &size) != 0)
            {
                throw SyscallException.Last("bind", $"port {port}");
            }
        }

        return (listener, BinaryPrimitives.ReadUInt16BigEndian(address[2..]));
    }

    /// <summary>Takes the next connection, with Nagle's delay off; null when none waits.</summary>
    public static Descriptor? Accept(Descriptor listener)
    {
        int number = accept4(listener.Number, null, null, SOCK_NONBLOCK | SOCK_CLOEXEC);
        if (number < 0)
        {
            return null;
        }

        int on = 1;
        setsockopt(number, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(int));
        return new Descriptor(number);
    }

    /// <summary>Begins to connect to a port of this machine's own loopback address, with Nagle's delay off.</summary>
    /// <returns>A socket that becomes writable when that is decided (<see cref="ErrorOf"/>); null when it is refused at once.</returns>
    public static Descriptor? ConnectToLoopback(int port, bool overIPv6)
    {
        int number = socket(overIPv6 ? AF_INET6 : AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
        if (number < 0)
        {
            // A sandbox may do without IPv6; being out of descriptors is another matter.
            return SyscallException.LastError is Errno.EMFILE or Errno.ENFILE or Errno.ENOMEM or Errno.ENOBUFS
                ? throw SyscallException.Last("socket", $"port {port}")
                : null;
        }

        var connecting = new Descriptor(number);
        int on = 1;
        setsockopt(number, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(int));
        byte* address = stackalloc byte[Address6Size];
        uint size = WriteLoopback(new Span<byte>(address, Address6Size), port, overIPv6);
        if (connect(number, address, size) == 0 || SyscallException.LastError is Errno.EINPROGRESS)
        {
            return connecting;
        }

        connecting.Dispose();
        return null;
    }

    /// <summary>Why connecting failed; <see cref="Errno.None"/> when it did not.</summary>
    public static Errno ErrorOf(Descriptor socket)
    {
        int error = 0;
        uint size = sizeof(int);
        return getsockopt(socket.Number, SOL_SOCKET, SO_ERROR, &error, &size) == 0 ? (Errno)error : SyscallException.LastError;
    }

    /// <summary>Says that nothing more will be sent. One that is gone already is none of the caller's business.</summary>
    public static void EndSending(Descriptor socket) => shutdown(socket.Number, SHUT_WR);

    /// <summary>Makes closing a connection reset it, so that the other side knows that not everything was read.</summary>
    public static void ResetOnClose(Descriptor socket)
    {
        const int SO_LINGER = 13;
        int* linger = stackalloc int[2] { 1, 0 };
        setsockopt(socket.Number, SOL_SOCKET, SO_LINGER, linger, 2 * sizeof(int));
    }

    /// <summary>Sends what the socket takes.</summary>
    /// <returns>The number of bytes; 0 when it takes none now; -1 when the connection is gone.</returns>
    public static int Send(Descriptor to, ReadOnlySpan<byte> data)
    {
        fixed (byte* pointer = data)
        {
            nint count = send(to.Number, pointer, (nuint)data.Length, MSG_NOSIGNAL);
            return count >= 0 ? (int)count : SyscallException.LastError is Errno.EAGAIN or Errno.EINTR ? 0 : -1;
        }
    }

    /// <summary>Receives what is there.</summary>
    /// <returns>The number of bytes; 0 when there is none now; -1 when the connection is gone.</returns>
    public static int Receive(Descriptor from, Span<byte> into)
    {
        fixed (byte* pointer = into)
        {
            nint count = recv(from.Number, pointer, (nuint)into.Length, 0);
            return count > 0 ? (int)count : count < 0 && SyscallException.LastError is Errno.EAGAIN or Errno.EINTR ? 0 : -1;
        }
    }

    private static uint WriteLoopback(Span<byte> address, int port, bool overIPv6)
    {
        address.Clear();
        BitConverter.TryWriteBytes(address, (ushort)(overIPv6 ? AF_INET6 : AF_INET));
        BinaryPrimitives.WriteUInt16BigEndian(address[2..], (ushort)port);
        if (overIPv6)
        {
            const int lastOfAddress = 23;
            address[lastOfAddress] = 1;
            return Address6Size;
        }

        (address[4], address[7]) = (127, 1);
        return AddressSize;
    }

    [LibraryImport("libc", SetLastError = true)]
    private static partial int connect(int fd, byte* address, uint size);

    [LibraryImport("libc", SetLastError = true)]
    private static partial int shutdown(int fd, int how);

    [LibraryImport("libc", SetLastError = true)]
    private static partial int getsockopt(int fd, int level, int option, void* value, uint* size);

    [LibraryImport("libc", SetLastError = true)]
    private static partial int socket(int family, int type, int protocol);

    [LibraryImport("libc", SetLastError = true)]
    private static partial int setsockopt(int fd, int level, int option, void* value, uint size);

    [LibraryImport("libc", SetLastError = true)]
    private static partial int bind(int fd, byte* address, uint size);

    [LibraryImport("libc", SetLastError = true)]
    private static partial int listen(int fd, int backlog);

    [LibraryImport("libc", SetLastError = true)]
    private static partial int getsockname(int fd, byte* address, uint* size);

    [LibraryImport("libc", SetLastError = true)]
    private static partial int accept4(int fd, byte* address, uint* size, int flags);

    [LibraryImport("libc", SetLastError = true)]
    private static partial nint send(int fd, byte* data, nuint size, int flags);

    [LibraryImport("libc", SetLastError = true)]
    private static partial nint recv(int fd, byte* data, nuint size, int flags);
}
