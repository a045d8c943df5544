using System.Runtime.InteropServices;

namespace Atoll.Linux;

/// <summary>
/// The calls that find a file by its name below an open directory (openat(2), mkdirat(2), unlinkat(2), renameat2(2),
/// readlinkat(2), fchmodat(2), fchownat(2)). Without a directory a name is looked up from the working directory.
/// </summary>
public static unsafe partial class PathCalls
{
    private const int AT_FDCWD = -100;
    private const int AT_SYMLINK_NOFOLLOW = 0x100;
    private const int AT_REMOVEDIR = 0x200;

    /// <returns>The open file, or null with <paramref name="error"/>. It closes on exec and never becomes the controlling terminal.</returns>
    public static Descriptor? Open(Descriptor? directory, KernelPath path, OpenFlags flags, uint mode, out Errno error)
    {
        fixed (byte* name = path.Terminated)
        {
            int number = openat(Number(directory), name, (int)(flags | OpenFlags.O_CLOEXEC | OpenFlags.O_NOCTTY), mode);
            error = number >= 0 ? Errno.None : SyscallException.LastError;
            return number >= 0 ? new Descriptor(number) : null;
        }
    }

    public static Errno MakeDirectory(Descriptor? directory, KernelPath path, uint mode)
    {
        fixed (byte* name = path.Terminated)
        {
            return Result(mkdirat(Number(directory), name, mode));
        }
    }

    public static Errno RemoveFile(Descriptor? directory, KernelPath path) => Unlink(directory, path, 0);

    /// <summary>Removes an empty directory.</summary>
    public static Errno RemoveDirectory(Descriptor? directory, KernelPath path) => Unlink(directory, path, AT_REMOVEDIR);

    public static Errno Rename(Descriptor? fromDirectory, KernelPath from, Descriptor? toDirectory, KernelPath to)
    {
        fixed (byte* old = from.Terminated, name = to.Terminated)
        {
            return Result(renameat2(Number(fromDirectory), old, Number(toDirectory), name, 0));
        }
    }

    /// <summary>Makes a symbolic link.</summary>
    public static Errno MakeLink(KernelPath target, Descriptor? directory, KernelPath path)
    {
        fixed (byte* to = target.Terminated, name = path.Terminated)
        {
            return Result(symlinkat(to, Number(directory), name));
        }
    }

    /// <returns>Where a symbolic link leads, or null with <paramref name="error"/>: EINVAL for what is none.</returns>
    public static KernelPath? ReadLink(Descriptor? directory, KernelPath path, out Errno error)
    {
        const int size = 4096;
        byte* target = stackalloc byte[size];
        fixed (byte* name = path.Terminated)
        {
            nint count = readlinkat(Number(directory), name, target, size);
            error = count >= 0 ? Errno.None : SyscallException.LastError;
            return count >= 0 ? new KernelPath(new ReadOnlySpan<byte>(target, (int)count)) : null;
        }
    }

    /// <summary>Sets the permission bits, through links.</summary>
    public static Errno ChangeMode(Descriptor? directory, KernelPath path, uint mode)
    {
        fixed (byte* name = path.Terminated)
        {
            return Result(fchmodat(Number(directory), name, mode, 0));
        }
    }

    /// <summary>Sets user and group.</summary>
    public static Errno ChangeOwner(Descriptor? directory, KernelPath path, uint user, uint group, bool follow)
    {
        fixed (byte* name = path.Terminated)
        {
            return Result(fchownat(Number(directory), name, user, group, follow ? 0 : AT_SYMLINK_NOFOLLOW));
        }
    }

    private static Errno Unlink(Descriptor? directory, KernelPath path, int flags)
    {
        fixed (byte* name = path.Terminated)
        {
            return Result(unlinkat(Number(directory), name, flags));
        }
    }

    private static int Number(Descriptor? directory) => directory?.Number ?? AT_FDCWD;

    private static Errno Result(int result) => result == 0 ? Errno.None : SyscallException.LastError;

    [LibraryImport("libc", SetLastError = true)]
    private static partial int openat(int directory, byte* path, int flags, uint mode);

    [LibraryImport("libc", SetLastError = true)]
    private static partial int mkdirat(int directory, byte* path, uint mode);

    [LibraryImport("libc", SetLastError = true)]
    private static partial int unlinkat(int directory, byte* path, int flags);

    [LibraryImport("libc", SetLastError = true)]
    private static partial int renameat2(int fromDirectory, byte* from, int toDirectory, byte* to, uint flags);

    [LibraryImport("libc", SetLastError = true)]
    private static partial int symlinkat(byte* target, int directory, byte* path);

    [LibraryImport("libc", SetLastError = true)]
    private static partial nint readlinkat(int directory, byte* path, byte* target, nuint size);

    [LibraryImport("libc", SetLastError = true)]
    private static partial int fchmodat(int directory, byte* path, uint mode, int flags);

    [LibraryImport("libc", SetLastError = true)]
    private static partial int fchownat(int directory, byte* path, uint user, uint group, int flags);
}
