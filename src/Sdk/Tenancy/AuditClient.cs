using System.Text.Json.Serialization;
using Atoll.Sdk.Http;

namespace Atoll.Sdk;

/// <summary>Tells who changed what, for those who may know.</summary>
public sealed class AuditClient
{
    private readonly Transport _transport;

    internal AuditClient(Transport transport) => _transport = transport;

    /// <summary>One page of the audit log, newest first.</summary>
    /// <exception cref="ForbiddenException">The caller may not read it.</exception>
    public Task<AuditPage> ListAsync(AuditQuery? query = null, CancellationToken cancellation = default)
    {
        AuditQuery wanted = query ?? new AuditQuery();
        return _transport.SendAsync(
            ApiRequest.Get("v1/audit-log" + wanted.Render(
                ("user_id", wanted.UserId), ("action", wanted.Action), ("start", ApiRequest.Time(wanted.Start)), ("end", ApiRequest.Time(wanted.End)))),
            SdkJson.Default.AuditPage, cancellation);
    }
}

/// <summary>Which entries of the audit log to list. What is null is no filter.</summary>
public sealed record AuditQuery : PageQuery
{
    /// <summary>Only what this user did.</summary>
    public string? UserId { get; init; }

    /// <summary>Only this.</summary>
    public string? Action { get; init; }

    /// <summary>From then.</summary>
    public DateTimeOffset? Start { get; init; }

    /// <summary>Until then.</summary>
    public DateTimeOffset? End { get; init; }
}

/// <summary>One mutating call.</summary>
public sealed record AuditEntry : ServerRecord
{
    /// <summary>When it came.</summary>
    [JsonPropertyName("created_at")]
    public DateTimeOffset? At { get; init; }

    /// <summary>Whose call it was.</summary>
    public string? UserId { get; init; }

    /// <summary>What was asked for.</summary>
    public string? Action { get; init; }

    /// <summary>What it was done to.</summary>
    public string? ResourceId { get; init; }

    /// <summary>How it ended.</summary>
    public int? StatusCode { get; init; }
}

/// <summary>One page of the audit log.</summary>
public sealed record AuditPage : Page<AuditEntry>
{
    /// <summary>The entries, newest first.</summary>
    public required List<AuditEntry> Entries { get; init; }

    /// <inheritdoc/>
    [JsonIgnore]
    public override List<AuditEntry> Items => Entries;
}
