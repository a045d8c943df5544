using Atoll.Domain.Sandboxes;

namespace Atoll.Domain.Tenancy;

/// <summary>The most that the sandboxes of a user or a project may have together. Null: as by default, which may be no limit.</summary>
/// <param name="Sandboxes">Those that are not over, paused ones included.</param>
/// <param name="CpuCount">Processors of those that are neither over nor paused.</param>
/// <param name="MemoryMb">MiB of those that are neither over nor paused.</param>
/// <param name="StorageGb">GiB of those that are not over.</param>
public sealed record Quota(int? Sandboxes = null, int? CpuCount = null, int? MemoryMb = null, int? StorageGb = null)
{
    /// <summary>This one, and for what it leaves open the other.</summary>
    public Quota Or(Quota other) => new(
        Sandboxes ?? other.Sandboxes, CpuCount ?? other.CpuCount, MemoryMb ?? other.MemoryMb, StorageGb ?? other.StorageGb);
}

/// <summary>What is used of a <see cref="Quota"/>, field by field.</summary>
public sealed record QuotaUse(long Sandboxes, long CpuCount, long MemoryMb, long StorageGb);

/// <summary>A quota as it holds for somebody, and what is used of it.</summary>
/// <param name="Owner">The user whose it is, or whose project it is.</param>
/// <param name="Project">Null for that of the user.</param>
/// <param name="Own">What was given to this subject alone.</param>
/// <param name="Limits">What holds: <paramref name="Own"/>, else the default.</param>
public sealed record QuotaState(UserId Owner, ProjectId? Project, Quota Own, Quota Limits, QuotaUse Used);

public enum QuotaRequestState
{
    Pending,
    Granted,
    Refused,
}

/// <summary>A user's wish for a larger quota.</summary>
/// <param name="Id"><c>qrq-</c> and a ULID.</param>
/// <param name="Note">What who decided said of it; empty otherwise.</param>
public sealed record QuotaRequest(
    string Id, UserId Owner, ProjectId? Project, Quota Wanted, string Reason, QuotaRequestState State, string Note,
    DateTimeOffset CreatedAt, DateTimeOffset? DecidedAt);

/// <summary>One page of a list and how many there are in all.</summary>
public sealed record QuotaRequestPage(IReadOnlyList<QuotaRequest> Requests, int Total);

/// <summary>
/// The port through which dialects read and grant quotas. They are checked in the transaction that stores a sandbox,
/// brings it back from a pause or puts it into another project: <see cref="FaultCode.QuotaExceeded"/>.
/// </summary>
public interface IQuotas
{
    /// <summary>That of a user, the caller when null, or of a project of its.</summary>
    Task<QuotaState> GetAsync(Caller caller, UserId? user, ProjectId? project, CancellationToken cancellation);

    /// <summary>Those that differ from the default. Only for <see cref="Caller.IsAdmin"/>.</summary>
    Task<IReadOnlyList<QuotaState>> ListAsync(Caller caller, CancellationToken cancellation);

    /// <summary>Gives a quota to a user or a project. Only for <see cref="Caller.IsAdmin"/>. An empty one takes it back.</summary>
    Task<QuotaState> SetAsync(Caller caller, UserId? user, ProjectId? project, Quota quota, CancellationToken cancellation);

    /// <summary>Asks for a larger one; <see cref="FaultCode.QuotaExceeded"/> with <see cref="MaxPending"/> requests open.</summary>
    Task<QuotaRequest> RequestAsync(Caller caller, ProjectId? project, Quota wanted, string reason, CancellationToken cancellation);

    /// <summary>The caller's own requests, or everybody's, newest first.</summary>
    Task<QuotaRequestPage> RequestsAsync(Caller caller, bool ofEverybody, int offset, int limit, CancellationToken cancellation);

    /// <summary>Grants or refuses a request that is pending. Only for <see cref="Caller.IsAdmin"/>.</summary>
    Task<QuotaRequest> DecideAsync(Caller caller, string id, bool grant, string note, CancellationToken cancellation);

    const int MaxPending = 10;
}
