using System.Runtime.InteropServices;

namespace Atoll.Linux;

/// <summary>The kinds of files, as the upper bits of a mode (inode(7)).</summary>
public enum FileType : uint
{
    S_IFIFO = 0x1000,
    S_IFCHR = 0x2000,
    S_IFDIR = 0x4000,
    S_IFBLK = 0x6000,
    S_IFREG = 0x8000,
    S_IFLNK = 0xA000,
    S_IFSOCK = 0xC000,
}

/// <summary>What the kernel knows of a file (statx(2)).</summary>
/// <param name="Mode">Permission bits, 07777.</param>
/// <param name="ModifiedSeconds">Since 1970.</param>
public readonly record struct FileStatus(
    FileType Type, uint Mode, long Size, uint User, uint Group, ulong Device, ulong Inode, long ModifiedSeconds, uint ModifiedNanoseconds)
{
    public bool IsDirectory => Type == FileType.S_IFDIR;

    public bool IsRegular => Type == FileType.S_IFREG;

    public bool IsLink => Type == FileType.S_IFLNK;

    /// <summary>Whether two names or descriptors are of one file.</summary>
    public bool IsSame(FileStatus other) => (Device, Inode) == (other.Device, other.Inode);
}

/// <summary>statx(2).</summary>
public static unsafe partial class FileStatusCalls
{
    private const int AT_FDCWD = -100;
    private const int AT_SYMLINK_NOFOLLOW = 0x100;
    private const int AT_EMPTY_PATH = 0x1000;
    private const uint STATX_BASIC_STATS = 0x7FF;
    private static readonly KernelPath Nothing = new("");

    /// <summary>Looks at a name below a directory, or from the working directory.</summary>
    public static Errno Look(Descriptor? directory, KernelPath path, bool follow, out FileStatus status) =>
        Look(directory?.Number ?? AT_FDCWD, path, follow ? 0 : AT_SYMLINK_NOFOLLOW, out status);

    /// <exception cref="SyscallException">The kernel cannot say.</exception>
    public static FileStatus Of(Descriptor file) =>
        Look(file.Number, Nothing, AT_EMPTY_PATH, out FileStatus status) == Errno.None
            ? status
            : throw new SyscallException("statx", file.ToString(), SyscallException.LastError);

    private static Errno Look(int directory, KernelPath path, int flags, out FileStatus status)
    {
        statx_record record;
        fixed (byte* name = path.Terminated)
        {
            if (statx(directory, name, flags, STATX_BASIC_STATS, &record) != 0)
            {
                status = default;
                return SyscallException.LastError;
            }
        }

        status = new FileStatus(
            (FileType)(record.Mode & 0xF000u), record.Mode & 0xFFFu, (long)record.Size, record.User, record.Group,
            ((ulong)record.DeviceMajor << 32) | record.DeviceMinor, record.Inode, record.ModifiedSeconds, record.ModifiedNanoseconds);
        return Errno.None;
    }

    [LibraryImport("libc", SetLastError = true)]
    private static partial int statx(int directory, byte* path, int flags, uint mask, statx_record* record);

    [StructLayout(LayoutKind.Explicit, Size = 256)]
    private struct statx_record
    {
        [FieldOffset(20)]
        public uint User;

        [FieldOffset(24)]
        public uint Group;

        [FieldOffset(28)]
        public ushort Mode;

        [FieldOffset(32)]
        public ulong Inode;

        [FieldOffset(40)]
        public ulong Size;

        [FieldOffset(112)]
        public long ModifiedSeconds;

        [FieldOffset(120)]
        public uint ModifiedNanoseconds;

        [FieldOffset(136)]
        public uint DeviceMajor;

        [FieldOffset(140)]
        public uint DeviceMinor;
    }
}
