using System.Runtime.InteropServices;

namespace Atoll.Cli.Server;

/// <summary>execve(2).</summary>
internal static unsafe partial class Exec
{
    /// <summary>Replaces this process; returns only when that fails, with the errno.</summary>
    /// <param name="path">The program.</param>
    /// <param name="arguments">Its arguments, from argv[0].</param>
    public static int Replace(string path, string[] arguments)
    {
        // The runtime's blocked and ignored signals would pass to the program; SIGPIPE is the one it ignores.
        Signal(SigPipe, DefaultAction);
        // The end of the list is a null pointer, and nothing here is freed: on success the memory goes with the process.
        byte** argv = (byte**)NativeMemory.AllocZeroed((nuint)arguments.Length + 1, (nuint)sizeof(byte*));
        for (int i = 0; i < arguments.Length; i++)
        {
            argv[i] = (byte*)Marshal.StringToCoTaskMemUTF8(arguments[i]);
        }
        Execv(path, argv);
        return Marshal.GetLastPInvokeError();
    }

    private const int SigPipe = 13;
    private const nint DefaultAction = 0;

    /// <summary>execv hands on the C library's environ, which is this process's own unless the runtime changed it: it does not.</summary>
    [LibraryImport("libc", EntryPoint = "execv", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    private static partial int Execv(string path, byte** argv);

    [LibraryImport("libc", EntryPoint = "signal")]
    private static partial nint Signal(int signal, nint action);
}
