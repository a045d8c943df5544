using System.Runtime.InteropServices;

namespace Atoll.Linux;

/// <summary>A system call that failed: which, on what, and with which error number.</summary>
public sealed class SyscallException(string call, string subject, Errno error)
    : IOException($"{call}({subject}): {error} ({Marshal.GetPInvokeErrorMessage((int)error)})")
{
    public string Call { get; } = call;

    /// <summary>The path, descriptor, pid or name that the call was about.</summary>
    public string Subject { get; } = subject;

    public Errno Error { get; } = error;

    /// <summary>The error of the call that has just failed on this thread.</summary>
    public static Errno LastError => (Errno)Marshal.GetLastPInvokeError();

    /// <summary>The exception for the call that this thread has just made and that failed.</summary>
    public static SyscallException Last(string call, string subject) => new(call, subject, LastError);
}
