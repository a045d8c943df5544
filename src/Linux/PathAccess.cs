using System.Runtime.InteropServices;

namespace Atoll.Linux;

/// <summary>Asks what the calling thread's user may do with a path (access(2)).</summary>
public static partial class PathAccess
{
    private const int X_OK = 1;

    /// <summary>Whether a file may be run, or a directory entered; <see cref="Errno.None"/> when it may.</summary>
    public static Errno Execute(string path) => access(path, X_OK) == 0 ? Errno.None : SyscallException.LastError;

    [LibraryImport("libc", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    private static partial int access(string path, int mode);
}
