using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;

namespace Atoll.Linux;

[Flags]
public enum CloneFlags
{
    CLONE_NEWNS = 0x00020000,
    CLONE_NEWNET = 0x40000000,
}

/// <summary>
/// unshare(2) and setns(2). Both change the calling thread only, so they belong on a <see cref="DedicatedThread"/>;
/// a child that is spawned from there inherits what was changed.
/// </summary>
public static partial class Namespaces
{
    private const string OwnNet = "/proc/thread-self/ns/net";

    /// <summary>The network namespace of the calling thread.</summary>
    public static SafeFileHandle CurrentNet() => Files.Open(OwnNet, OpenFlags.O_RDONLY);

    public static void Unshare(CloneFlags flags)
    {
        if (unshare((int)flags) != 0)
        {
            throw SyscallException.Last("unshare", flags.ToString());
        }
    }

    public static void Enter(SafeFileHandle handle, CloneFlags kind)
    {
        if (setns(handle, (int)kind) != 0)
        {
            throw SyscallException.Last("setns", kind.ToString());
        }
    }

    /// <summary>Gives the calling thread's network namespace a name: it lives until <paramref name="path"/> is unmounted.</summary>
    public static void PinNet(string path) => Mounts.Mount(OwnNet, path, null, MountFlags.MS_BIND);

    /// <summary>Runs an action inside the network namespace at <paramref name="path"/>. Sockets that it makes stay there.</summary>
    public static Task<T> RunInNetAsync<T>(string path, Func<T> action) => DedicatedThread.RunAsync(() =>
    {
        using (SafeFileHandle handle = Files.Open(path, OpenFlags.O_RDONLY))
        {
            Enter(handle, CloneFlags.CLONE_NEWNET);
        }

        return action();
    });

    /// <summary>
    /// Runs an action in a mount namespace of its own in which /proc/sys/net is empty. gVisor of before August 2024
    /// takes a file there for the mark of the host's network namespace, which newer kernels show everywhere.
    /// </summary>
    /// <remarks>Unmounts on the host reach the new namespace, mounts in it do not reach the host.</remarks>
    public static Task<T> RunWithoutProcSysNetAsync<T>(Func<T> action) => DedicatedThread.RunAsync(() =>
    {
        Unshare(CloneFlags.CLONE_NEWNS);
        Mounts.Mount("none", "/", null, MountFlags.MS_SLAVE | MountFlags.MS_REC);
        Mounts.Mount("none", "/proc/sys/net", "tmpfs", MountFlags.MS_NOSUID | MountFlags.MS_NODEV, "size=4k");
        return action();
    });

    [LibraryImport("libc", SetLastError = true)]
    private static partial int unshare(int flags);

    [LibraryImport("libc", SetLastError = true)]
    private static partial int setns(SafeFileHandle handle, int kind);
}
