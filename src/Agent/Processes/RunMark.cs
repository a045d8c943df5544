using System.Text;

namespace Atoll.Agent.Processes;

/// <summary>
/// A variable in a process's environment, inherited by all that it starts: by it they are known when they have left
/// its group and session and their parents are gone.
/// </summary>
internal sealed class RunMark
{
    public const string Variable = "ATOLL_RUN";

    /// <summary>Bytes of an environment that are searched; the kernel allows at most 6 MiB (execve(2)).</summary>
    private const int MaxEnvironment = 8 * 1024 * 1024;

    private readonly byte[] _entry;

    private RunMark(string value) => (Value, _entry) = (value, Encoding.ASCII.GetBytes($"{Variable}={value}"));

    /// <summary>Different for every process that the host starts.</summary>
    public string Value { get; }

    public static RunMark New() => new(Guid.NewGuid().ToString("N"));

    /// <summary>Whether a process bears the mark; false when it cannot be looked at.</summary>
    /// <param name="buffer">Room to search in, larger than the mark.</param>
    public bool IsOn(int pid, byte[] buffer)
    {
        try
        {
            using FileStream environment = new($"/proc/{pid}/environ", FileMode.Open, FileAccess.Read, FileShare.ReadWrite, bufferSize: 0);
            return IsIn(environment, buffer);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return false;
        }
    }

    internal bool IsIn(Stream environment, byte[] buffer)
    {
        (int held, int total) = (0, 0);
        while (total < MaxEnvironment && environment.Read(buffer, held, buffer.Length - held) is var count and > 0)
        {
            (held, total) = (held + count, total + count);
            if (buffer.AsSpan(0, held).IndexOf(_entry) >= 0)
            {
                return true;
            }

            // The end may be the beginning of the mark.
            int kept = Math.Min(held, _entry.Length - 1);
            buffer.AsSpan(held - kept, kept).CopyTo(buffer);
            held = kept;
        }

        return false;
    }
}
