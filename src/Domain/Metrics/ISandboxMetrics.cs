using Atoll.Domain.Sandboxes;
using Atoll.Domain.Tenancy;

namespace Atoll.Domain.Metrics;

/// <summary>
/// What sandboxes use and have used. Running ones are looked at every 5 seconds: those samples are kept for an hour, averages of
/// each minute for a day, all of them no longer than the sandbox's record. A sandbox of another user is not found.
/// </summary>
public interface ISandboxMetrics
{
    static readonly TimeSpan Interval = TimeSpan.FromSeconds(5);
    static readonly TimeSpan SamplesKept = TimeSpan.FromHours(1);
    static readonly TimeSpan MinutesKept = TimeSpan.FromHours(24);

    /// <summary>The history of a sandbox in a window, whatever its state; of one that runs the present is the last.</summary>
    Task<MetricHistory> HistoryAsync(Caller caller, SandboxId id, MetricWindow window, CancellationToken cancellation);

    /// <summary>What each of these uses at present; those that do not run or are not the caller's are left out.</summary>
    Task<IReadOnlyDictionary<SandboxId, (Sandbox Sandbox, SandboxMetric Metric)>> PresentAsync(
        Caller caller, IReadOnlyCollection<SandboxId> ids, CancellationToken cancellation);

    /// <summary>How many sandboxes the caller has, by what has become of them, and what they use and used in all.</summary>
    SandboxTotals Totals(Caller caller);
}

/// <summary>A span of time; when both ends are given, in any order.</summary>
/// <param name="Start">Null for 5 minutes before the end.</param>
/// <param name="End">Null for now.</param>
/// <param name="Step">From one sample to the next, 1 s to 24 h; what lies within one step is one average. Null for 5 s.</param>
public sealed record MetricWindow(DateTimeOffset? Start, DateTimeOffset? End, TimeSpan? Step = null)
{
    public static readonly TimeSpan Usual = TimeSpan.FromMinutes(5);
}

/// <summary>What a sandbox used at a moment, or on the average of a time that ended then; bytes where nothing else is said.</summary>
public sealed record SandboxMetric
{
    public required DateTimeOffset At { get; init; }

    /// <summary>Percent of all of its processors, 0 to 100.</summary>
    public required double CpuUsedPercent { get; init; }

    public required long MemoryUsed { get; init; }

    public required long MemoryTotal { get; init; }

    public required long MemoryCache { get; init; }

    public required long DiskUsed { get; init; }

    public required long DiskTotal { get; init; }
}

/// <param name="Samples">Oldest first; empty when it did not run in the window.</param>
public sealed record MetricHistory(
    Sandbox Sandbox, DateTimeOffset Start, DateTimeOffset End, TimeSpan Step, IReadOnlyList<SandboxMetric> Samples);

/// <summary>The sandboxes of a user in numbers.</summary>
/// <param name="AverageCpuPercent">Of those that run, at present.</param>
/// <param name="AverageMemoryPercent">Of those that run, at present.</param>
/// <param name="Uptime">For how long all whose record is kept have run.</param>
public sealed record SandboxTotals(
    int Total, int Running, int Terminated, int Failed, double AverageCpuPercent, double AverageMemoryPercent, TimeSpan Uptime);
