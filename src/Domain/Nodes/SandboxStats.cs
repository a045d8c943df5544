namespace Atoll.Domain.Nodes;

/// <summary>What a running sandbox uses at a moment; bytes where nothing else is said.</summary>
public sealed record SandboxStats
{
    public required DateTimeOffset At { get; init; }

    /// <summary>Processor time since it started.</summary>
    public required TimeSpan CpuTime { get; init; }

    /// <summary>Percent of all of its processors, 0 to 100, since it was last asked for, or over 200 ms.</summary>
    public required double CpuUsedPercent { get; init; }

    /// <summary>Without <see cref="MemoryCache"/>.</summary>
    public required long MemoryUsed { get; init; }

    public required long MemoryTotal { get; init; }

    /// <summary>Cached file content that the kernel gives back when memory is short.</summary>
    public required long MemoryCache { get; init; }

    public required long DiskUsed { get; init; }

    public required long DiskTotal { get; init; }
}
