using System.Globalization;
using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;

namespace Atoll.Linux;

/// <summary>Handles on processes, also on those that are not children: pidfd_open(2), pidfd_send_signal(2).</summary>
public static partial class Pidfd
{
    private const int SYS_pidfd_send_signal = 424;
    private const int SYS_pidfd_open = 434;

    /// <returns>Null when there is no such process.</returns>
    /// <exception cref="SyscallException">With the pid as subject.</exception>
    public static SafeFileHandle? TryOpen(int pid)
    {
        nint fd = syscall(SYS_pidfd_open, pid, 0, 0, 0);
        if (fd >= 0)
        {
            return new SafeFileHandle(fd, ownsHandle: true);
        }

        // EINVAL: the pid is that of a thread, so the process that had it is gone.
        return (Errno)Marshal.GetLastPInvokeError() is Errno.ESRCH or Errno.EINVAL
            ? null
            : throw SyscallException.Last("pidfd_open", pid.ToString(CultureInfo.InvariantCulture));
    }

    /// <returns>False when the process is gone.</returns>
    public static bool Signal(SafeFileHandle pidfd, int signal)
    {
        bool held = false;
        try
        {
            pidfd.DangerousAddRef(ref held);
            if (syscall(SYS_pidfd_send_signal, pidfd.DangerousGetHandle(), signal, 0, 0) == 0)
            {
                return true;
            }

            return (Errno)Marshal.GetLastPInvokeError() == Errno.ESRCH
                ? false
                : throw SyscallException.Last("pidfd_send_signal", signal.ToString(CultureInfo.InvariantCulture));
        }
        finally
        {
            if (held)
            {
                pidfd.DangerousRelease();
            }
        }
    }

    /// <summary>Sends a signal to the process that has this pid and started at that time, to no later one.</summary>
    /// <returns>False when that process is gone.</returns>
    public static bool Signal(int pid, long startTicks, int signal)
    {
        using SafeFileHandle? pidfd = TryOpen(pid);
        return pidfd is not null && ProcessStat.TryRead(pid)?.StartTicks == startTicks && Signal(pidfd, signal);
    }

    // glibc has wrappers since 2.36 only.
    [LibraryImport("libc", SetLastError = true)]
    private static partial nint syscall(nint number, nint first, nint second, nint third, nint fourth);
}
