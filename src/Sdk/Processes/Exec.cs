namespace Atoll.Sdk;

/// <summary>A shell command to run in a sandbox.</summary>
public sealed record ExecRequest
{
    /// <summary>Run as <c>bash -c</c>; at most 1 MiB.</summary>
    public required string Command { get; init; }

    /// <summary>The working directory; the server's default is <c>/</c>.</summary>
    public string? Cwd { get; init; }

    /// <summary>Merged over the sandbox's own environment.</summary>
    public Dictionary<string, string>? Env { get; init; }

    /// <summary>Seconds after which it is killed; null for the server's limit.</summary>
    public int? Timeout { get; init; }
}

/// <summary>A command that was started.</summary>
public sealed record ExecStart
{
    /// <summary>Where its events are.</summary>
    public string? StreamPath { get; init; }

    /// <summary>When it began.</summary>
    public DateTimeOffset StartedAt { get; init; }

    /// <summary>When it is killed.</summary>
    public DateTimeOffset Deadline { get; init; }
}

/// <summary>Whether a command runs, and which.</summary>
public sealed record ActiveExec
{
    /// <summary>False: nothing runs and the rest is null.</summary>
    public bool Active { get; init; }

    /// <summary>What was asked for.</summary>
    public string? Command { get; init; }

    /// <summary>Where it runs.</summary>
    public string? Cwd { get; init; }

    /// <summary>Where its events are.</summary>
    public string? StreamPath { get; init; }

    /// <summary>When it began.</summary>
    public DateTimeOffset? StartedAt { get; init; }

    /// <summary>When it is killed.</summary>
    public DateTimeOffset? Deadline { get; init; }
}

internal sealed record ExecCancelled(bool Cancelled);

/// <summary>What a reader sees of a running command, in order.</summary>
public abstract record ExecEvent
{
    private ExecEvent()
    {
    }

    /// <summary>The command runs under this number in its sandbox.</summary>
    public sealed record Started(int Pid) : ExecEvent;

    /// <summary>Bytes of its standard output, not cut at characters or lines.</summary>
    public sealed record Stdout(ReadOnlyMemory<byte> Data) : ExecEvent;

    /// <summary>Bytes of its standard error.</summary>
    public sealed record Stderr(ReadOnlyMemory<byte> Data) : ExecEvent;

    /// <summary>So many bytes of output are gone: the reader was too slow or came too late.</summary>
    public sealed record Dropped(long Bytes) : ExecEvent;

    /// <summary>The last event. The code is 128 + signal when a signal ended the command.</summary>
    public sealed record Ended(int ExitCode) : ExecEvent;
}
