using System.Runtime.InteropServices;

namespace Atoll.Linux;

/// <summary>How a child ended: with a code, or by a signal (0 for none).</summary>
public readonly record struct ChildExit(int Pid, int Code, int Signal)
{
    /// <summary>Reads a status word of wait(2).</summary>
    public static ChildExit FromStatus(int pid, int status)
    {
        int signal = status & 0x7f;
        return signal == 0 ? new ChildExit(pid, (status >> 8) & 0xff, 0) : new ChildExit(pid, 128 + signal, signal);
    }
}

/// <summary>Reaps children, one's own and adopted ones (waitpid(2), PR_SET_CHILD_SUBREAPER in prctl(2)).</summary>
public static partial class Children
{
    /// <summary>Blocks until any child has ended, and leaves it to be reaped.</summary>
    /// <returns>False when there is no child at all.</returns>
    public static unsafe bool AwaitAny()
    {
        const int P_ALL = 0;
        const int WEXITED = 4;
        const int WNOWAIT = 0x01000000;
        const int SignalInfoBytes = 128;
        byte* info = stackalloc byte[SignalInfoBytes];
        while (true)
        {
            if (waitid(P_ALL, 0, info, WEXITED | WNOWAIT) == 0)
            {
                return true;
            }

            switch (SyscallException.LastError)
            {
                case Errno.EINTR:
                    continue;
                case Errno.ECHILD:
                    return false;
                default:
                    throw SyscallException.Last("waitid", "P_ALL");
            }
        }
    }

    /// <summary>Reaps a child that has ended, without waiting for one.</summary>
    /// <returns>False when none has.</returns>
    public static unsafe bool TryReapAny(out ChildExit exit)
    {
        const int WNOHANG = 1;
        int status;
        int pid = waitpid(-1, &status, WNOHANG);
        exit = pid > 0 ? ChildExit.FromStatus(pid, status) : default;
        return pid > 0;
    }

    /// <summary>Blocks until any child has ended and reaps it.</summary>
    /// <returns>False when there is no child at all.</returns>
    public static unsafe bool WaitAny(out ChildExit exit)
    {
        while (true)
        {
            int status;
            int pid = waitpid(-1, &status, 0);
            if (pid > 0)
            {
                exit = ChildExit.FromStatus(pid, status);
                return true;
            }

            switch (SyscallException.LastError)
            {
                case Errno.EINTR:
                    continue;
                case Errno.ECHILD:
                    exit = default;
                    return false;
                default:
                    throw SyscallException.Last("waitpid", "-1");
            }
        }
    }

    /// <summary>Has orphaned descendants handed to this process, as they are to PID 1.</summary>
    /// <returns>False where the kernel does not know it.</returns>
    public static bool AdoptOrphans()
    {
        const int PR_SET_CHILD_SUBREAPER = 36;
        return prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0) == 0;
    }

    [LibraryImport("libc", SetLastError = true)]
    private static unsafe partial int waitpid(int pid, int* status, int options);

    [LibraryImport("libc", SetLastError = true)]
    private static unsafe partial int waitid(int kind, int id, byte* info, int options);

    [LibraryImport("libc", SetLastError = true)]
    private static partial int prctl(int option, nuint a, nuint b, nuint c, nuint d);
}
