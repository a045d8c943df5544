namespace Atoll.Domain.Processes;

/// <summary>A process to start in a sandbox.</summary>
public sealed record ProcessSpec
{
    /// <summary>The <see cref="Tag"/> of what a sandbox starts with because its template says so.</summary>
    public const string StartTag = "atoll:start";

    /// <summary>The program and its arguments; the program is looked up in the sandbox's PATH.</summary>
    public required IReadOnlyList<string> Arguments { get; init; }

    /// <summary>Merged over the sandbox's own environment.</summary>
    public IReadOnlyDictionary<string, string> Environment { get; init; } = new Dictionary<string, string>();

    /// <summary>Absolute, or relative to the user's home; empty for the home itself.</summary>
    public string WorkingDirectory { get; init; } = "/";

    /// <summary>A name from the sandbox's /etc/passwd, or a numeric uid.</summary>
    public string User { get; init; } = "root";

    /// <summary>What the starter calls it, to find it again after a reconnect; empty for none.</summary>
    public string Tag { get; init; } = "";

    /// <summary>Bytes of output kept for late readers, at most 8 MiB.</summary>
    public int OutputCapacity { get; init; } = 1024 * 1024;

    /// <summary>
    /// When it still runs after this it is killed with all that it started; null for never. What it leaves behind when
    /// it ends by itself lives on.
    /// </summary>
    public TimeSpan? Lifetime { get; init; }

    /// <summary>
    /// When given, the process runs on a terminal of this size that controls it: its input and both of its outputs, as
    /// <see cref="OutputStream.Terminal"/>.
    /// </summary>
    public TerminalSize? Terminal { get; init; }

    /// <summary>Whether its standard input stays open for <see cref="IAgent.WriteInputAsync"/>; otherwise it is at its end at once. A terminal is always open.</summary>
    public bool TakesInput { get; init; }
}

/// <summary>The size of a terminal in characters, each 1 to 65535.</summary>
public readonly record struct TerminalSize(int Columns, int Rows);

/// <summary>A process that the agent knows: running, or ended and not yet forgotten.</summary>
/// <param name="Pid">Its number in the sandbox; also its handle.</param>
/// <param name="Exit">How it ended; null while it runs.</param>
public sealed record ProcessInfo(
    int Pid, string Tag, IReadOnlyList<string> Arguments, string WorkingDirectory, DateTimeOffset StartedAt, ProcessExit? Exit)
{
    /// <summary>What its starter put over the sandbox's environment.</summary>
    public IReadOnlyDictionary<string, string> Environment { get; init; } = new Dictionary<string, string>();

    public bool HasTerminal { get; init; }
}

/// <summary>How a process ended: with a code, or by a signal.</summary>
/// <param name="Code">Its exit code; 128 + <paramref name="Signal"/> when a signal ended it.</param>
/// <param name="Signal">The signal's number, 0 for none.</param>
public sealed record ProcessExit(int Code, int Signal);

public enum OutputStream
{
    StandardOutput,
    StandardError,

    /// <summary>Both, through the process's terminal.</summary>
    Terminal,
}

/// <summary>What an attached reader sees of a process, in order.</summary>
public abstract record ProcessEvent
{
    private ProcessEvent()
    {
    }

    /// <summary>Output. <paramref name="Sequence"/> numbers its first byte among all output of the process.</summary>
    public sealed record Output(OutputStream Stream, long Sequence, ReadOnlyMemory<byte> Data) : ProcessEvent;

    /// <summary>Bytes <paramref name="From"/> up to, not including, <paramref name="To"/> are gone: the reader was too slow or came too late.</summary>
    public sealed record Dropped(long From, long To) : ProcessEvent;

    /// <summary>The last event.</summary>
    public sealed record Exited(ProcessExit Exit) : ProcessEvent;
}
