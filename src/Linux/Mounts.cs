using System.Runtime.InteropServices;

namespace Atoll.Linux;

[Flags]
public enum MountFlags : ulong
{
    None = 0,
    MS_RDONLY = 1,
    MS_NOSUID = 2,
    MS_NODEV = 4,
    MS_NOEXEC = 8,
    MS_REMOUNT = 32,
    MS_NOATIME = 1024,
    MS_BIND = 4096,
    MS_MOVE = 8192,
    MS_REC = 16384,
    MS_PRIVATE = 1 << 18,
    MS_SLAVE = 1 << 19,
    MS_SHARED = 1 << 20,
}

[Flags]
public enum UnmountFlags
{
    None = 0,
    MNT_FORCE = 1,
    MNT_DETACH = 2,
    UMOUNT_NOFOLLOW = 8,
}

/// <summary>mount(2) and umount2(2).</summary>
public static partial class Mounts
{
    /// <exception cref="SyscallException">With the target as subject.</exception>
    public static void Mount(string source, string target, string? type, MountFlags flags, string? options = null)
    {
        if (mount(source, target, type, (nuint)flags, options) != 0)
        {
            throw SyscallException.Last("mount", target);
        }
    }

    /// <summary>Makes a directory a mount of its own whose mounts and unmounts reach the namespaces copied from this one.</summary>
    /// <remarks>
    /// Without it, a namespace that a child copied keeps every mount that existed then alive after this side unmounts
    /// it. Safe to repeat.
    /// </remarks>
    public static void Share(string directory)
    {
        string path = Files.Resolve(directory);
        if (!MountTable.Read().Any(mount => mount.Target == path))
        {
            // Private first: else it stays a peer of the mount that it was taken from, and each mount in it appears twice.
            Mount(path, path, null, MountFlags.MS_BIND);
            Mount("none", path, null, MountFlags.MS_PRIVATE);
        }

        Mount("none", path, null, MountFlags.MS_SHARED);
    }

    /// <summary>Unmounts the topmost mount on a target.</summary>
    /// <returns>False when nothing is mounted there or the target does not exist.</returns>
    /// <exception cref="SyscallException">EBUSY among others, with the target as subject.</exception>
    public static bool Unmount(string target, UnmountFlags flags = UnmountFlags.None)
    {
        if (umount2(target, (int)(flags | UnmountFlags.UMOUNT_NOFOLLOW)) == 0)
        {
            return true;
        }

        return (Errno)Marshal.GetLastPInvokeError() is Errno.EINVAL or Errno.ENOENT ? false : throw SyscallException.Last("umount", target);
    }

    [LibraryImport("libc", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    private static partial int mount(string source, string target, string? type, nuint flags, string? options);

    [LibraryImport("libc", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    private static partial int umount2(string target, int flags);
}
