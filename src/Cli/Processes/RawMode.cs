using System.Runtime.InteropServices;
using Atoll.Sdk;

namespace Atoll.Cli.Processes;

/// <summary>
/// The mode of the user's own terminal while every key goes to a sandbox (termios(3)). Put back when it is disposed of, and
/// when the process is told to end.
/// </summary>
internal sealed unsafe partial class RawMode : IDisposable
{
    private const int StandardInput = 0;
    private const int Now = 0; // TCSANOW
    private const nuint TIOCGWINSZ = 0x5413;

    // struct termios is 60 bytes on Linux.
    private const int TermiosSize = 64;

    private readonly byte[] _before = new byte[TermiosSize];
    private readonly PosixSignalRegistration[] _ends;
    private int _restored;

    private RawMode()
    {
        fixed (byte* before = _before)
        {
            if (Tcgetattr(StandardInput, before) != 0)
            {
                throw new CliException("standard input is not a terminal: leave out -t");
            }
        }
        byte* raw = stackalloc byte[TermiosSize];
        _before.CopyTo(new Span<byte>(raw, TermiosSize));
        Cfmakeraw(raw);
        _ends = [PosixSignalRegistration.Create(PosixSignal.SIGTERM, _ => Restore()), PosixSignalRegistration.Create(PosixSignal.SIGHUP, _ => Restore())];
        Tcsetattr(StandardInput, Now, raw);
    }

    /// <exception cref="CliException">Standard input is no terminal.</exception>
    public static RawMode Enter() => new();

    /// <summary>The size of the terminal on standard input; 80 by 24 when it does not know.</summary>
    public static TerminalSize Size()
    {
        ushort* size = stackalloc ushort[4];
        return Ioctl(StandardInput, TIOCGWINSZ, size) == 0 && size[0] > 0 && size[1] > 0
            ? new TerminalSize(size[1], size[0])
            : new TerminalSize(80, 24);
    }

    public void Dispose()
    {
        Restore();
        foreach (PosixSignalRegistration end in _ends)
        {
            end.Dispose();
        }
    }

    private void Restore()
    {
        if (Interlocked.Exchange(ref _restored, 1) == 0)
        {
            fixed (byte* before = _before)
            {
                Tcsetattr(StandardInput, Now, before);
            }
        }
    }

    [LibraryImport("libc", EntryPoint = "tcgetattr")]
    private static partial int Tcgetattr(int descriptor, byte* termios);

    [LibraryImport("libc", EntryPoint = "tcsetattr")]
    private static partial int Tcsetattr(int descriptor, int when, byte* termios);

    [LibraryImport("libc", EntryPoint = "cfmakeraw")]
    private static partial void Cfmakeraw(byte* termios);

    [LibraryImport("libc", EntryPoint = "ioctl")]
    private static partial int Ioctl(int descriptor, nuint request, void* argument);
}
