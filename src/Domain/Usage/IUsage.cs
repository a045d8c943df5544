using Atoll.Domain.Sandboxes;
using Atoll.Domain.Tenancy;

namespace Atoll.Domain.Usage;

/// <summary>
/// What sandboxes used: their running phases, from the transition that began one to that which ended it, to the millisecond. A caller is told
/// of its own, admins and the root user of everybody's.
/// </summary>
public interface IUsage
{
    /// <summary>The longest span that is charted by day.</summary>
    static readonly TimeSpan LongestByDay = TimeSpan.FromDays(366);

    /// <summary>The longest span that is charted by hour.</summary>
    static readonly TimeSpan LongestByHour = TimeSpan.FromDays(31);

    Task<UsageTotals> SummaryAsync(Caller caller, UsageSpan span, CancellationToken cancellation);

    /// <summary>The same by time, template or project.</summary>
    Task<IReadOnlyList<UsageGroup>> GroupsAsync(Caller caller, UsageSpan span, UsageGrouping by, CancellationToken cancellation);

    /// <summary>Phases that began within the span, the newest first.</summary>
    Task<UsageSessions> SessionsAsync(Caller caller, UsageSpan span, int offset, int limit, CancellationToken cancellation);

    /// <summary>What began and ended phases within the span, the newest first.</summary>
    /// <param name="type">The type of the event; null for all.</param>
    Task<UsageEvents> EventsAsync(Caller caller, UsageSpan span, string? type, int offset, int limit, CancellationToken cancellation);
}

/// <summary>Which use is wanted: from a moment until before another, perhaps only of one project or sandbox.</summary>
public sealed record UsageSpan(DateTimeOffset Start, DateTimeOffset End)
{
    public string? Project { get; init; }

    public SandboxId? Sandbox { get; init; }
}

public enum UsageGrouping
{
    /// <summary>By day of UTC.</summary>
    Day,
    Hour,
    Template,
    Project,
}

/// <summary>Sums over phases, of each the part within the span. Exact.</summary>
public sealed record UsageTotals
{
    public static UsageTotals None { get; } = new();

    /// <summary>Phases of which a part is within the span.</summary>
    public long Sessions { get; init; }

    /// <summary>Those of them that go on.</summary>
    public long Active { get; init; }

    /// <summary>Those that a fault ended.</summary>
    public long Failed { get; init; }

    public Int128 RunningMs { get; init; }

    /// <summary>Each millisecond times the processors.</summary>
    public Int128 CpuMs { get; init; }

    /// <summary>Each millisecond times the MiB of memory.</summary>
    public Int128 MemoryMbMs { get; init; }

    /// <summary>Each millisecond times the GiB of storage.</summary>
    public Int128 StorageGbMs { get; init; }

    /// <summary>Adds phases of one size.</summary>
    /// <param name="ms">How long they ran together.</param>
    public UsageTotals With(SandboxResources size, Int128 ms, long sessions, long active, long failed) => new()
    {
        Sessions = Sessions + sessions,
        Active = Active + active,
        Failed = Failed + failed,
        RunningMs = RunningMs + ms,
        CpuMs = CpuMs + (ms * size.CpuCount),
        MemoryMbMs = MemoryMbMs + (ms * size.MemoryMb),
        StorageGbMs = StorageGbMs + (ms * size.StorageGb),
    };
}

/// <param name="Key">The start of the hour or day in Unix milliseconds, or the id of the template or project.</param>
/// <param name="Name">Of the template; otherwise the key.</param>
public sealed record UsageGroup(string Key, string Name, UsageTotals Totals);

/// <summary>One running phase.</summary>
/// <param name="Id"><c>ses-</c> and a ULID.</param>
/// <param name="EndedAt">Null while it goes on.</param>
/// <param name="Began">The type of the event that began it.</param>
/// <param name="Ended">The type of the event that ended it; null while it goes on.</param>
public sealed record UsageSession(
    string Id, SandboxId Sandbox, UserId Owner, string Project, string Name, string Template, string TemplateName, SandboxResources Resources,
    DateTimeOffset StartedAt, DateTimeOffset? EndedAt, string Began, string? Ended);

public sealed record UsageSessions(IReadOnlyList<UsageSession> Sessions, int Total);

/// <summary>The beginning or end of a phase.</summary>
public sealed record UsageEvent(string Id, string Type, DateTimeOffset At, UsageSession Session);

public sealed record UsageEvents(IReadOnlyList<UsageEvent> Events, int Total);
