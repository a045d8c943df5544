using Atoll.Sdk.Http;

namespace Atoll.Sdk;

/// <summary>Tells what was used, and what may be (contracts/scalebox.md 1.7).</summary>
public sealed class UsageClient
{
    private readonly Transport _transport;

    internal UsageClient(Transport transport) => _transport = transport;

    /// <summary>Totals of a span of time.</summary>
    public Task<UsageReport> SummaryAsync(UsageQuery? query = null, CancellationToken cancellation = default) => GetAsync("summary", query, cancellation);

    /// <summary>How use went over a span of time.</summary>
    public Task<UsageReport> AnalyticsAsync(UsageQuery? query = null, CancellationToken cancellation = default) => GetAsync("analytics", query, cancellation);

    /// <summary>Running phases of sandboxes.</summary>
    public Task<UsageReport> SessionsAsync(UsageQuery? query = null, CancellationToken cancellation = default) => GetAsync("sessions", query, cancellation);

    /// <summary>What began and ended use.</summary>
    public Task<UsageReport> EventsAsync(UsageQuery? query = null, CancellationToken cancellation = default) => GetAsync("events", query, cancellation);

    /// <summary>What may be used, and how much of it is.</summary>
    public Task<UsageReport> QuotasAsync(CancellationToken cancellation = default) => GetAsync("quotas", null, cancellation);

    private Task<UsageReport> GetAsync(string kind, UsageQuery? query, CancellationToken cancellation) =>
        _transport.SendAsync(
            ApiRequest.Get($"v1/usage/{kind}{(query is null ? "" : query.Render(
                ("start", ApiRequest.Time(query.Start)), ("end", ApiRequest.Time(query.End)), ("sandbox_id", query.SandboxId), ("project_id", query.ProjectId)))}"),
            SdkJson.Default.UsageReport, cancellation);
}

/// <summary>What a report of use says, under its wire names in <see cref="ServerRecord.More"/>.</summary>
public sealed record UsageReport : ServerRecord;

/// <summary>Which use to report. What is null is the server's choice.</summary>
public sealed record UsageQuery : PageQuery
{
    /// <summary>From then.</summary>
    public DateTimeOffset? Start { get; init; }

    /// <summary>Until then.</summary>
    public DateTimeOffset? End { get; init; }

    /// <summary>Only of this sandbox.</summary>
    public string? SandboxId { get; init; }

    /// <summary>Only of this project.</summary>
    public string? ProjectId { get; init; }
}
