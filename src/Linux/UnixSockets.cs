using System.Runtime.InteropServices;
using System.Text;

namespace Atoll.Linux;

/// <summary>Who sent a message, as the kernel vouches for it: the real user and group at the moment of sending.</summary>
public readonly record struct SenderCredentials(int Pid, uint Uid, uint Gid);

/// <summary>
/// Stream sockets in the file system that carry descriptors and credentials (unix(7), cmsg(3)). The sender is known by
/// SCM_CREDENTIALS of each message, not by SO_PEERCRED: gVisor answers the latter with the asker's own credentials.
/// </summary>
public static unsafe partial class UnixSockets
{
    private const int AF_UNIX = 1;
    private const int SOCK_STREAM = 1;
    private const int SOCK_NONBLOCK = 0x800;
    private const int SOCK_CLOEXEC = 0x80000;
    private const int SOL_SOCKET = 1;
    private const int SO_PASSCRED = 16;
    private const int SCM_RIGHTS = 1;
    private const int SCM_CREDENTIALS = 2;
    private const int MSG_NOSIGNAL = 0x4000;
    private const int MSG_CMSG_CLOEXEC = 0x40000000;
    private const int HeaderSize = 16;
    private const int CredentialsSize = 12;
    private const int PathOffset = 2;
    private const int AddressSize = 110;

    /// <summary>Listens on a path at which there is nothing yet; anybody may connect. Does not block.</summary>
    public static Descriptor Listen(string path, int backlog)
    {
        Descriptor listener = Open(SOCK_NONBLOCK);
        try
        {
            Span<byte> address = stackalloc byte[AddressSize];
            int on = 1;
            fixed (byte* pointer = address)
            {
                if (setsockopt(listener.Number, SOL_SOCKET, SO_PASSCRED, &on, sizeof(int)) != 0
                    || bind(listener.Number, pointer, Address(path, address)) != 0 || listen(listener.Number, backlog) != 0)
                {
                    throw SyscallException.Last("bind", path);
                }
            }

            const UnixFileMode everybody = (UnixFileMode)0x1B6;
            File.SetUnixFileMode(path, everybody);
            return listener;
        }
        catch
        {
            listener.Dispose();
            throw;
        }
    }

    /// <summary>Takes the next connection, which does not block and tells its senders; null when there is none to take.</summary>
    public static Descriptor? Accept(Descriptor listener)
    {
        int number = accept4(listener.Number, null, null, SOCK_NONBLOCK | SOCK_CLOEXEC);
        if (number < 0)
        {
            return null;
        }

        int on = 1;
        setsockopt(number, SOL_SOCKET, SO_PASSCRED, &on, sizeof(int));
        return new Descriptor(number);
    }

    /// <summary>Connects, blocking.</summary>
    public static Descriptor Connect(string path)
    {
        Descriptor socket = Open(0);
        Span<byte> address = stackalloc byte[AddressSize];
        fixed (byte* pointer = address)
        {
            if (connect(socket.Number, pointer, Address(path, address)) == 0)
            {
                return socket;
            }
        }

        var failure = SyscallException.Last("connect", path);
        socket.Dispose();
        throw failure;
    }

    /// <summary>Sends bytes with this process's credentials and with other names of some of its descriptors.</summary>
    /// <returns>As <see cref="TcpSockets.Send"/>.</returns>
    public static int Send(Descriptor to, ReadOnlySpan<byte> data, ReadOnlySpan<int> descriptors)
    {
        Span<byte> control = stackalloc byte[Space(CredentialsSize) + Space(descriptors.Length * sizeof(int))];
        control.Clear();
        WriteHeader(control, SCM_CREDENTIALS, CredentialsSize);
        MemoryMarshal.Write(control[HeaderSize..], new SenderCredentials(Environment.ProcessId, Credentials.RealUser, Credentials.RealGroup));
        Span<byte> rights = control[Space(CredentialsSize)..];
        WriteHeader(rights, SCM_RIGHTS, descriptors.Length * sizeof(int));
        MemoryMarshal.AsBytes(descriptors).CopyTo(rights[HeaderSize..]);
        fixed (byte* bytes = data, extra = control)
        {
            var piece = new Piece { Start = bytes, Length = (nuint)data.Length };
            var message = new Header { Pieces = &piece, PieceCount = 1, Control = extra, ControlLength = (nuint)control.Length };
            nint count = sendmsg(to.Number, &message, MSG_NOSIGNAL);
            return count >= 0 ? (int)count : SyscallException.LastError is Errno.EAGAIN or Errno.EINTR ? 0 : -1;
        }
    }

    /// <summary>Receives what is there, with what came along; the descriptors are the caller's to close, also at an end.</summary>
    /// <param name="descriptors">Gets the descriptors that came, closed on exec.</param>
    /// <param name="sender">Who sent it; null when the kernel does not say.</param>
    /// <returns>As <see cref="TcpSockets.Receive"/>.</returns>
    public static int Receive(Descriptor from, Span<byte> into, List<Descriptor> descriptors, out SenderCredentials? sender)
    {
        Span<byte> control = stackalloc byte[128];
        nint count;
        nuint length;
        fixed (byte* bytes = into, extra = control)
        {
            var piece = new Piece { Start = bytes, Length = (nuint)into.Length };
            var message = new Header { Pieces = &piece, PieceCount = 1, Control = extra, ControlLength = (nuint)control.Length };
            count = recvmsg(from.Number, &message, MSG_CMSG_CLOEXEC);
            length = count < 0 ? 0 : message.ControlLength;
        }

        sender = null;
        for (Span<byte> rest = control[..(int)length]; rest.Length >= HeaderSize;)
        {
            int size = (int)MemoryMarshal.Read<nuint>(rest);
            int type = MemoryMarshal.Read<int>(rest[12..]);
            ReadOnlySpan<byte> content = rest[HeaderSize..Math.Clamp(size, HeaderSize, rest.Length)];
            if (type == SCM_RIGHTS)
            {
                foreach (int number in MemoryMarshal.Cast<byte, int>(content))
                {
                    descriptors.Add(new Descriptor(number));
                }
            }
            else if (type == SCM_CREDENTIALS && content.Length >= CredentialsSize && MemoryMarshal.Read<SenderCredentials>(content) is { Pid: > 0 } told)
            {
                sender = told;
            }

            rest = rest[Math.Min(rest.Length, Math.Max(HeaderSize, Aligned(size)))..];
        }

        return count > 0 ? (int)count : count < 0 && SyscallException.LastError is Errno.EAGAIN or Errno.EINTR ? 0 : -1;
    }

    private static Descriptor Open(int flags)
    {
        int number = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | flags, 0);
        return number >= 0 ? new Descriptor(number) : throw SyscallException.Last("socket", "AF_UNIX");
    }

    private static uint Address(string path, Span<byte> address)
    {
        address.Clear();
        BitConverter.TryWriteBytes(address, (ushort)AF_UNIX);
        if (Encoding.UTF8.GetByteCount(path) >= AddressSize - PathOffset)
        {
            throw new SyscallException("bind", path, Errno.ENAMETOOLONG);
        }

        return (uint)(PathOffset + Encoding.UTF8.GetBytes(path, address[PathOffset..]) + 1);
    }

    private static void WriteHeader(Span<byte> at, int type, int size)
    {
        MemoryMarshal.Write(at, (nuint)(HeaderSize + size));
        MemoryMarshal.Write(at[8..], SOL_SOCKET);
        MemoryMarshal.Write(at[12..], type);
    }

    private static int Space(int size) => HeaderSize + Aligned(size);

    private static int Aligned(int size) => (size + 7) & ~7;

    /// <summary>struct iovec.</summary>
    private struct Piece
    {
        public byte* Start;
        public nuint Length;
    }

    /// <summary>struct msghdr.</summary>
    private struct Header
    {
        public byte* Name;
        public uint NameLength;
        public Piece* Pieces;
        public nuint PieceCount;
        public byte* Control;
        public nuint ControlLength;
        public int Flags;
    }

    [LibraryImport("libc", SetLastError = true)]
    private static partial int socket(int family, int type, int protocol);

    [LibraryImport("libc", SetLastError = true)]
    private static partial int setsockopt(int fd, int level, int option, void* value, uint size);

    [LibraryImport("libc", SetLastError = true)]
    private static partial int bind(int fd, byte* address, uint size);

    [LibraryImport("libc", SetLastError = true)]
    private static partial int listen(int fd, int backlog);

    [LibraryImport("libc", SetLastError = true)]
    private static partial int connect(int fd, byte* address, uint size);

    [LibraryImport("libc", SetLastError = true)]
    private static partial int accept4(int fd, byte* address, uint* size, int flags);

    [LibraryImport("libc", SetLastError = true)]
    private static partial nint sendmsg(int fd, Header* message, int flags);

    [LibraryImport("libc", SetLastError = true)]
    private static partial nint recvmsg(int fd, Header* message, int flags);
}
