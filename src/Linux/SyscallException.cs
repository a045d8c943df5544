using System.Runtime.InteropServices;

namespace Atoll.Linux;

/// <summary>A system call that failed: which, on what, and with which error number.</summary>
public sealed class SyscallException(string call, string subject, int errno)
    : IOException($"{call} {subject}: {(Errno)errno} ({Marshal.GetPInvokeErrorMessage(errno)})")
{
    public string Call { get; } = call;

    /// <summary>The file, pid or name that the call was about.</summary>
    public string Subject { get; } = subject;

    public Errno Errno { get; } = (Errno)errno;

    /// <summary>The exception for the call that this thread has just made and that failed.</summary>
    public static SyscallException Last(string call, string subject) => new(call, subject, Marshal.GetLastPInvokeError());
}
