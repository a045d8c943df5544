using System.Globalization;

namespace Atoll.Linux;

/// <summary>What /proc/PID/stat says about a process; proc_pid_stat(5).</summary>
/// <param name="State">One letter: <c>Z</c> is a zombie.</param>
/// <param name="StartTicks">When it started, in clock ticks since boot: tells a process from a later one with its pid.</param>
public sealed record ProcessStat(int Pid, string Name, char State, int ParentPid, int Group, int Session, long StartTicks)
{
    /// <summary>Reads a process; null when there is none of this pid.</summary>
    public static ProcessStat? TryRead(int pid)
    {
        try
        {
            return Parse(File.ReadAllText(string.Create(CultureInfo.InvariantCulture, $"/proc/{pid}/stat")));
        }
        catch (Exception e) when (e is FileNotFoundException or DirectoryNotFoundException)
        {
            return null;
        }
        catch (IOException e) when ((e.HResult & 0xFFFF) == (int)Errno.ESRCH)
        {
            // It went between open and read.
            return null;
        }
    }

    /// <exception cref="FormatException">The text is not in the kernel's format.</exception>
    public static ProcessStat Parse(string text)
    {
        // The name is in parentheses and may itself hold spaces and parentheses.
        int open = text.IndexOf('(');
        int close = text.LastIndexOf(')');
        string[] rest = close < 0 ? [] : text[(close + 1)..].Split(' ', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries);
        if (open < 1 || close < open || rest.Length < 20)
        {
            throw new FormatException($"not the text of a /proc/PID/stat file: '{text}'");
        }

        return new ProcessStat(
            int.Parse(text.AsSpan(0, open), NumberStyles.AllowTrailingWhite, CultureInfo.InvariantCulture),
            text[(open + 1)..close],
            rest[0][0],
            int.Parse(rest[1], CultureInfo.InvariantCulture),
            int.Parse(rest[2], CultureInfo.InvariantCulture),
            int.Parse(rest[3], CultureInfo.InvariantCulture),
            long.Parse(rest[19], CultureInfo.InvariantCulture));
    }
}
