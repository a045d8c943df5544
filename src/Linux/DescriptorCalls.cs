using System.Runtime.InteropServices;
using System.Text;

namespace Atoll.Linux;

/// <summary>read, write, pipe and dup (read(2), write(2), pipe(2), dup(2)). Every descriptor made here closes on exec.</summary>
public static partial class DescriptorCalls
{
    private const int O_RDWR = 2;
    private const int O_NONBLOCK = 0x800;
    private const int O_CLOEXEC = 0x80000;

    /// <summary>Reads what is there.</summary>
    /// <returns>The number of bytes, 0 at the end; -1 when there is nothing now (non-blocking only).</returns>
    public static unsafe int Read(Descriptor from, Span<byte> into)
    {
        while (true)
        {
            nint count;
            fixed (byte* pointer = into)
            {
                count = read(from.Number, pointer, (nuint)into.Length);
            }

            if (count >= 0)
            {
                return (int)count;
            }

            switch (SyscallException.LastError)
            {
                case Errno.EINTR:
                    continue;
                case Errno.EAGAIN:
                    return -1;
                default:
                    throw SyscallException.Last("read", from.ToString());
            }
        }
    }

    /// <summary>Writes all of a small message, such as fits into a pipe's buffer.</summary>
    public static unsafe void Write(Descriptor to, ReadOnlySpan<byte> message)
    {
        fixed (byte* pointer = message)
        {
            if (write(to.Number, pointer, (nuint)message.Length) != message.Length)
            {
                throw SyscallException.Last("write", to.ToString());
            }
        }
    }

    /// <summary>Writes as much as is taken now.</summary>
    /// <returns>The number of bytes; 0 when there is no room now (non-blocking only); -1 when nobody can read it any more.</returns>
    public static unsafe int TryWrite(Descriptor to, ReadOnlySpan<byte> bytes)
    {
        while (true)
        {
            nint count;
            fixed (byte* pointer = bytes)
            {
                count = write(to.Number, pointer, (nuint)bytes.Length);
            }

            if (count >= 0)
            {
                return (int)count;
            }

            switch (SyscallException.LastError)
            {
                case Errno.EINTR:
                    continue;
                case Errno.EAGAIN:
                    return 0;
                case Errno.EPIPE or Errno.EIO:
                    return -1;
                default:
                    throw SyscallException.Last("write", to.ToString());
            }
        }
    }

    /// <summary>Writes a line to one of the standard descriptors, as far as it takes it.</summary>
    public static unsafe void Print(int number, string text)
    {
        byte[] bytes = Encoding.UTF8.GetBytes(text);
        fixed (byte* pointer = bytes)
        {
            write(number, pointer, (nuint)bytes.Length);
        }
    }

    /// <summary>Makes a pipe whose read end does not block.</summary>
    public static (Descriptor Read, Descriptor Write) Pipe() => Pipe(readBlocks: false);

    /// <summary>Makes a pipe whose write end does not block.</summary>
    public static (Descriptor Read, Descriptor Write) InputPipe() => Pipe(readBlocks: true);

    /// <summary>Another name of the same open file, which closes on exec.</summary>
    public static Descriptor Duplicate(Descriptor of)
    {
        const int F_DUPFD_CLOEXEC = 1030;
        int number = fcntl(of.Number, F_DUPFD_CLOEXEC, 3);
        return number >= 0 ? new Descriptor(number) : throw SyscallException.Last("fcntl", $"F_DUPFD_CLOEXEC of {of}");
    }

    private static unsafe (Descriptor Read, Descriptor Write) Pipe(bool readBlocks)
    {
        int* ends = stackalloc int[2];
        if (pipe2(ends, O_CLOEXEC) != 0)
        {
            throw SyscallException.Last("pipe2", "O_CLOEXEC");
        }

        var pair = (new Descriptor(ends[0]), new Descriptor(ends[1]));
        const int F_SETFL = 4;
        if (fcntl(ends[readBlocks ? 1 : 0], F_SETFL, O_NONBLOCK) != 0)
        {
            throw SyscallException.Last("fcntl", "F_SETFL");
        }

        return pair;
    }

    public static Descriptor OpenNull()
    {
        int number = open("/dev/null", O_RDWR | O_CLOEXEC);
        return number >= 0 ? new Descriptor(number) : throw SyscallException.Last("open", "/dev/null");
    }

    /// <summary>Keeps every descriptor that this process was started with, but the standard three, from what it starts.</summary>
    public static void CloseInheritedOnExec()
    {
        const int F_SETFD = 2;
        const int FD_CLOEXEC = 1;
        foreach (string path in Directory.GetFiles("/proc/self/fd"))
        {
            if (int.TryParse(Path.GetFileName(path), out int number) && number > 2)
            {
                // Fails for the one that the listing itself used, which is gone.
                fcntl(number, F_SETFD, FD_CLOEXEC);
            }
        }
    }

    /// <summary>Makes <paramref name="number"/> another name of <paramref name="of"/>, closing what it was.</summary>
    public static void DuplicateTo(Descriptor of, int number)
    {
        if (dup2(of.Number, number) < 0)
        {
            throw SyscallException.Last("dup2", $"{of} to {number}");
        }
    }

    [LibraryImport("libc", SetLastError = true)]
    internal static partial int close(int fd);

    [LibraryImport("libc", SetLastError = true)]
    private static unsafe partial nint read(int fd, byte* buffer, nuint count);

    [LibraryImport("libc", SetLastError = true)]
    private static unsafe partial nint write(int fd, byte* buffer, nuint count);

    [LibraryImport("libc", SetLastError = true)]
    private static unsafe partial int pipe2(int* ends, int flags);

    [LibraryImport("libc", SetLastError = true)]
    private static partial int fcntl(int fd, int command, nint argument);

    [LibraryImport("libc", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    private static partial int open(string path, int flags);

    [LibraryImport("libc", SetLastError = true)]
    private static partial int dup2(int from, int to);
}
