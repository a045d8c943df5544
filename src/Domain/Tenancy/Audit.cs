namespace Atoll.Domain.Tenancy;

/// <summary>One call that may have changed something: who, what and how it ended; never what was sent.</summary>
public sealed record AuditEntry
{
    /// <summary>Its place in the log; 0 until it is stored.</summary>
    public long Sequence { get; init; }

    public required DateTimeOffset At { get; init; }
    public required UserId User { get; init; }

    /// <summary>The API key that was used; null for another credential.</summary>
    public string? Key { get; init; }

    public required string Method { get; init; }

    /// <summary>The route's template, without the values in it.</summary>
    public required string Route { get; init; }

    /// <summary>The ids that the route named, apart by spaces; empty for none.</summary>
    public string Target { get; init; } = "";

    /// <summary>The status of the answer; 499 when its client had gone.</summary>
    public required int Status { get; init; }

    public required TimeSpan Duration { get; init; }

    /// <summary>Whence it came.</summary>
    public string Address { get; init; } = "";

    public required string RequestId { get; init; }

    /// <summary>Whether it had an Idempotency-Key.</summary>
    public bool HasIdempotencyKey { get; init; }
}

/// <summary>What to list. A filter that is null lets everything pass.</summary>
public sealed record AuditFilter
{
    public UserId? User { get; init; }

    /// <summary>One of the ids in <see cref="AuditEntry.Target"/>.</summary>
    public string? Target { get; init; }

    /// <summary>Method and route, such as <c>POST /v1/sandboxes</c>.</summary>
    public string? Action { get; init; }

    public DateTimeOffset? Since { get; init; }
    public DateTimeOffset? Until { get; init; }
    public int Offset { get; init; }
    public int Limit { get; init; } = 50;
}

/// <summary>One page of a list, newest first, and how many there are in all.</summary>
public sealed record AuditPage(IReadOnlyList<AuditEntry> Entries, int Total);

/// <summary>Remembers who changed what.</summary>
public interface IAuditLog
{
    /// <summary>Takes an entry; it is stored soon after, and before an orderly stop ends. Waits only while very many are on their way.</summary>
    ValueTask RecordAsync(AuditEntry entry);

    /// <summary>Only for <see cref="Caller.IsAdmin"/>.</summary>
    Task<AuditPage> ListAsync(Caller caller, AuditFilter filter, CancellationToken cancellation);
}
