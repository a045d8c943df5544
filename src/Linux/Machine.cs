using System.Runtime.InteropServices;
using System.Text;

namespace Atoll.Linux;

/// <summary>The machine's own name and clock (sethostname(2), clock_settime(2)).</summary>
public static unsafe partial class Machine
{
    public static Errno SetHostname(string name)
    {
        byte[] bytes = Encoding.UTF8.GetBytes(name);
        fixed (byte* pointer = bytes)
        {
            return sethostname(pointer, (nuint)bytes.Length) == 0 ? Errno.None : SyscallException.LastError;
        }
    }

    public static Errno SetWallClock(DateTimeOffset now)
    {
        const int CLOCK_REALTIME = 0;
        long ticks = now.UtcTicks - DateTimeOffset.UnixEpoch.Ticks;
        long* time = stackalloc long[] { ticks / TimeSpan.TicksPerSecond, ticks % TimeSpan.TicksPerSecond * 100 };
        return clock_settime(CLOCK_REALTIME, time) == 0 ? Errno.None : SyscallException.LastError;
    }

    [LibraryImport("libc", SetLastError = true)]
    private static partial int sethostname(byte* name, nuint size);

    [LibraryImport("libc", SetLastError = true)]
    private static partial int clock_settime(int clock, long* time);
}
