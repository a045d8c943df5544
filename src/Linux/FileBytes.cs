using System.Runtime.InteropServices;

namespace Atoll.Linux;

/// <summary>The bytes and the attributes of an open file (pread(2), write(2), fchmod(2), fchown(2)).</summary>
public static unsafe partial class FileBytes
{
    /// <returns>How many bytes were read; 0 at the end.</returns>
    /// <exception cref="SyscallException">The file cannot be read there.</exception>
    public static int Read(Descriptor file, Span<byte> into, long offset)
    {
        while (true)
        {
            nint count;
            fixed (byte* pointer = into)
            {
                count = pread(file.Number, pointer, (nuint)into.Length, offset);
            }

            if (count >= 0)
            {
                return (int)count;
            }

            if (SyscallException.LastError != Errno.EINTR)
            {
                throw SyscallException.Last("read", file.ToString());
            }
        }
    }

    /// <summary>Writes all of it behind what was written before.</summary>
    /// <exception cref="SyscallException">ENOSPC among others; some may have been written.</exception>
    public static void Write(Descriptor file, ReadOnlySpan<byte> data)
    {
        while (!data.IsEmpty)
        {
            nint count;
            fixed (byte* pointer = data)
            {
                count = write(file.Number, pointer, (nuint)data.Length);
            }

            if (count >= 0)
            {
                data = data[(int)count..];
            }
            else if (SyscallException.LastError != Errno.EINTR)
            {
                throw SyscallException.Last("write", file.ToString());
            }
        }
    }

    public static Errno ChangeMode(Descriptor file, uint mode) => fchmod(file.Number, mode) == 0 ? Errno.None : SyscallException.LastError;

    public static Errno ChangeOwner(Descriptor file, uint user, uint group) =>
        fchown(file.Number, user, group) == 0 ? Errno.None : SyscallException.LastError;

    /// <summary>Sets the times of last use and change to those of another file's last change.</summary>
    public static Errno ChangeTime(Descriptor file, FileStatus like)
    {
        long* times = stackalloc long[] { like.ModifiedSeconds, like.ModifiedNanoseconds, like.ModifiedSeconds, like.ModifiedNanoseconds };
        return futimens(file.Number, times) == 0 ? Errno.None : SyscallException.LastError;
    }

    [LibraryImport("libc", SetLastError = true)]
    private static partial nint pread(int fd, byte* buffer, nuint count, long offset);

    [LibraryImport("libc", SetLastError = true)]
    private static partial nint write(int fd, byte* buffer, nuint count);

    [LibraryImport("libc", SetLastError = true)]
    private static partial int fchmod(int fd, uint mode);

    [LibraryImport("libc", SetLastError = true)]
    private static partial int fchown(int fd, uint user, uint group);

    [LibraryImport("libc", SetLastError = true)]
    private static partial int futimens(int fd, long* times);
}
