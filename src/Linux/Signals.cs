using System.Runtime.InteropServices;

namespace Atoll.Linux;

/// <summary>Sends and ignores signals (kill(2), signal(2)).</summary>
public static partial class Signals
{
    public const int SIGHUP = 1;
    public const int SIGINT = 2;
    public const int SIGQUIT = 3;
    public const int SIGKILL = 9;
    public const int SIGUSR1 = 10;
    public const int SIGUSR2 = 12;
    public const int SIGPIPE = 13;
    public const int SIGALRM = 14;
    public const int SIGTERM = 15;
    public const int SIGSTOP = 19;
    public const int SIGWINCH = 28;

    /// <summary>The highest signal number that the kernel takes.</summary>
    public const int Max = 64;

    /// <summary>Sends a signal to a process, or with a negative number to the group of that number.</summary>
    public static Errno Send(int pid, int signal) => kill(pid, signal) == 0 ? Errno.None : SyscallException.LastError;

    /// <summary>Makes this process deaf to a signal. Inherited through exec unless reset.</summary>
    public static void Ignore(int number)
    {
        const nint SIG_IGN = 1;
        if (signal(number, SIG_IGN) == -1)
        {
            throw SyscallException.Last("signal", number.ToString());
        }
    }

    /// <summary>Whether this process was made deaf to a signal, by itself or by who started it.</summary>
    public static unsafe bool IsIgnored(int number)
    {
        // struct sigaction begins with the handler.
        const int larger = 256;
        nint* old = stackalloc nint[larger / sizeof(nint)];
        return sigaction(number, null, old) == 0 && *old == 1;
    }

    [LibraryImport("libc", SetLastError = true)]
    private static unsafe partial int sigaction(int number, void* action, void* old);

    [LibraryImport("libc", SetLastError = true)]
    private static partial int kill(int pid, int signal);

    [LibraryImport("libc", SetLastError = true)]
    private static partial nint signal(int number, nint handler);
}
