using System.Runtime.InteropServices;

namespace Atoll.Linux;

/// <summary>
/// Pseudo-terminals (pty(7), ioctl_tty(2)): the master is what a person or program types into and reads from, the other
/// end is opened by path, by the leader of a session, whose controlling terminal it so becomes.
/// </summary>
public static unsafe partial class PseudoTerminals
{
    private const int O_RDWR = 2;
    private const int O_NOCTTY = 0x100;
    private const int O_NONBLOCK = 0x800;
    private const int O_CLOEXEC = 0x80000;
    private const nuint TCGETS = 0x5401;
    private const nuint TIOCGPGRP = 0x540F;
    private const nuint TIOCSWINSZ = 0x5414;
    private const nuint TIOCGPTN = 0x80045430;
    private const nuint TIOCSPTLCK = 0x40045431;

    // struct termios of the kernel: four flag words and the line discipline, then the control characters.
    private const int TermiosSize = 64;
    private const int ControlCharacters = 17;
    private const int VEOF = 4;

    /// <summary>Makes a terminal. The master does not block and closes on exec.</summary>
    /// <returns>The master, and the path of the other end.</returns>
    public static (Descriptor Master, string Path) Open()
    {
        int number = open("/dev/ptmx", O_RDWR | O_NOCTTY | O_NONBLOCK | O_CLOEXEC);
        Descriptor master = number >= 0 ? new Descriptor(number) : throw SyscallException.Last("open", "/dev/ptmx");
        try
        {
            int locked = 0;
            Control(master, TIOCSPTLCK, &locked, nameof(TIOCSPTLCK));
            int index;
            Control(master, TIOCGPTN, &index, nameof(TIOCGPTN));
            return (master, $"/dev/pts/{index}");
        }
        catch
        {
            master.Dispose();
            throw;
        }
    }

    /// <summary>Tells the kernel the size in characters. Linux tells the foreground group (SIGWINCH) when that is another one; gVisor does not.</summary>
    public static void SetSize(Descriptor master, ushort columns, ushort rows)
    {
        ushort* size = stackalloc ushort[4] { rows, columns, 0, 0 };
        Control(master, TIOCSWINSZ, size, nameof(TIOCSWINSZ));
    }

    /// <summary>The group that the terminal's keys signal; null when the kernel does not say so to a master, as gVisor.</summary>
    public static int? ForegroundGroup(Descriptor master)
    {
        int group;
        return ioctl(master.Number, TIOCGPGRP, &group) == 0 && group > 0 ? group : null;
    }

    /// <summary>The character that now stands for the end of the input.</summary>
    public static byte EndOfFile(Descriptor master)
    {
        byte* settings = stackalloc byte[TermiosSize];
        Control(master, TCGETS, settings, nameof(TCGETS));
        return settings[ControlCharacters + VEOF];
    }

    /// <summary>Makes the other end a user's, as login programs do.</summary>
    /// <param name="ttyGroup">The group that may write messages to terminals; null when there is none.</param>
    public static void Give(string path, uint user, uint group, uint? ttyGroup)
    {
        const uint ownerOnly = 0x180;
        const uint ownerAndMessages = 0x190;
        if (chown(path, user, ttyGroup ?? group) != 0)
        {
            throw SyscallException.Last("chown", path);
        }

        if (chmod(path, ttyGroup is null ? ownerOnly : ownerAndMessages) != 0)
        {
            throw SyscallException.Last("chmod", path);
        }
    }

    private static void Control(Descriptor master, nuint request, void* argument, string name)
    {
        if (ioctl(master.Number, request, argument) != 0)
        {
            throw SyscallException.Last("ioctl", $"{name} of {master}");
        }
    }

    [LibraryImport("libc", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    private static partial int open(string path, int flags);

    [LibraryImport("libc", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    private static partial int chown(string path, uint user, uint group);

    [LibraryImport("libc", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    private static partial int chmod(string path, uint mode);

    [LibraryImport("libc", SetLastError = true)]
    private static partial int ioctl(int fd, nuint request, void* argument);
}
