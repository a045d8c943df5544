using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;

namespace Atoll.Linux;

[Flags]
public enum OpenFlags
{
    O_RDONLY = 0,
    O_WRONLY = 1,
    O_RDWR = 2,
    O_CREAT = 0x40,
    O_EXCL = 0x80,
    O_NOCTTY = 0x100,
    O_NONBLOCK = 0x800,

    /// <summary>x86-64's number.</summary>
    O_DIRECTORY = 0x10000,

    /// <summary>x86-64's number.</summary>
    O_NOFOLLOW = 0x20000,
    O_CLOEXEC = 0x80000,
    O_PATH = 0x200000,
}

/// <summary>open(2), for the files that <see cref="File"/> handles badly: devices and namespaces.</summary>
public static partial class Files
{
    /// <exception cref="SyscallException">With the path as subject.</exception>
    public static SafeFileHandle Open(string path, OpenFlags flags)
    {
        SafeFileHandle handle = open(path, (int)(flags | OpenFlags.O_CLOEXEC), 0);
        if (handle.IsInvalid)
        {
            SyscallException failure = SyscallException.Last("open", path);
            handle.Dispose();
            throw failure;
        }

        return handle;
    }

    /// <summary>The path of a file or directory that exists, free of symbolic links: as the kernel's own tables spell it.</summary>
    public static string Resolve(string path)
    {
        using SafeFileHandle handle = Open(path, OpenFlags.O_PATH);
        return new FileInfo($"/proc/self/fd/{handle.DangerousGetHandle()}").LinkTarget!;
    }

    /// <summary>Makes what was made, renamed and removed in a directory outlast a loss of power.</summary>
    /// <exception cref="SyscallException">With the path as subject.</exception>
    public static void SyncDirectory(string path)
    {
        using SafeFileHandle handle = Open(path, OpenFlags.O_RDONLY | OpenFlags.O_DIRECTORY);
        if (fsync(handle) != 0)
        {
            throw SyscallException.Last("fsync", path);
        }
    }

    [LibraryImport("libc", SetLastError = true)]
    private static partial int fsync(SafeFileHandle handle);

    [LibraryImport("libc", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    private static partial SafeFileHandle open(string path, int flags, int mode);
}
