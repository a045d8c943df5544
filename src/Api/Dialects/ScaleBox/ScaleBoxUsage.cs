using System.Globalization;
using Atoll.Api.Http;
using Atoll.Api.OpenApi;
using Atoll.Api.Tenancy;
using Atoll.Domain;
using Atoll.Domain.Events;
using Atoll.Domain.Sandboxes;
using Atoll.Domain.Usage;
using Microsoft.AspNetCore.Http;
using Microsoft.OpenApi;

namespace Atoll.Api.Dialects.ScaleBox;

/// <summary>
/// What sandboxes used (contracts/scalebox.md 1.7). Hours are those that a sandbox ran, once, times its processors, times
/// its GiB of memory, times its GiB of storage.
/// </summary>
internal sealed class ScaleBoxUsage(IUsage usage, ScaleBoxReply reply, TimeProvider time)
{
    private const int StandardLimit = 50;
    private const double MillisecondsPerHour = 3_600_000;
    private const int MbPerGb = 1024;

    private static readonly TimeSpan s_standardSpan = TimeSpan.FromDays(30);

    private static readonly Dictionary<string, UsageGrouping> s_groupings = new(StringComparer.OrdinalIgnoreCase)
    {
        ["day"] = UsageGrouping.Day, ["hour"] = UsageGrouping.Hour, ["template"] = UsageGrouping.Template, ["project"] = UsageGrouping.Project,
    };

    public static Parameter[] Span { get; } =
    [
        new("start", JsonSchemaType.String, "From when: a time in ISO 8601, or Unix seconds or milliseconds; 30 days before the end when absent."),
        new("end", JsonSchemaType.String, "Until before when; now when absent."),
        new("project_id", JsonSchemaType.String, "Only of this project."),
        new("sandbox_id", JsonSchemaType.String, "Only of this sandbox."),
    ];

    public static Parameter[] Analytics { get; } =
    [
        .. Span,
        new("group_by", JsonSchemaType.String, "day (default; spans of at most 366 days), hour (at most 31 days), template or project."),
    ];

    public static Parameter[] Sessions { get; } = [.. Span, .. ScaleBoxParameters.Pages];

    public static Parameter[] Events { get; } =
    [
        .. Sessions,
        new("type", JsonSchemaType.String, "One type of event, such as sandbox.started."),
    ];

    public async Task<IResult> SummaryAsync(HttpContext http, CancellationToken cancellation)
    {
        UsageSpan span = SpanOf(http.Request.Query);
        UsageTotals totals = await usage.SummaryAsync(http.Caller(), span, cancellation);
        IReadOnlyList<UsageGroup> templates = await usage.GroupsAsync(http.Caller(), span, UsageGrouping.Template, cancellation);
        IReadOnlyList<UsageGroup> projects = await usage.GroupsAsync(http.Caller(), span, UsageGrouping.Project, cancellation);
        return reply.Data(new WireUsageSummary(
            span.Start.UtcDateTime, span.End.UtcDateTime, totals.Sessions, totals.Active, totals.Failed, Seconds(totals.RunningMs),
            Hours(totals.RunningMs), Hours(totals.CpuMs), Hours(totals.MemoryMbMs, MbPerGb), Hours(totals.StorageGbMs),
            [.. templates.Select(group => Group(group, UsageGrouping.Template))], [.. projects.Select(group => Group(group, UsageGrouping.Project))]));
    }

    public async Task<IResult> AnalyticsAsync(HttpContext http, CancellationToken cancellation)
    {
        UsageSpan span = SpanOf(http.Request.Query);
        UsageGrouping by = QueryValues.Choice(http.Request.Query, "group_by", UsageGrouping.Day, s_groupings);
        IReadOnlyList<UsageGroup> groups = await usage.GroupsAsync(http.Caller(), span, by, cancellation);
        return reply.Data(new WireUsageAnalytics(
            span.Start.UtcDateTime, span.End.UtcDateTime, by.ToString().ToLowerInvariant(), [.. groups.Select(group => Group(group, by))]));
    }

    public async Task<IResult> SessionsAsync(HttpContext http, CancellationToken cancellation)
    {
        UsageSpan span = SpanOf(http.Request.Query);
        Paging paging = Paging.Read(http.Request.Query, StandardLimit);
        UsageSessions page = await usage.SessionsAsync(http.Caller(), span, paging.Offset, paging.Limit, cancellation);
        return reply.Data(new WireUsageSessions([.. page.Sessions.Select(Session)], ScaleBoxReply.Pagination(paging, page.Total)));
    }

    public async Task<IResult> EventsAsync(HttpContext http, CancellationToken cancellation)
    {
        UsageSpan span = SpanOf(http.Request.Query);
        string? type = QueryValues.Text(http.Request.Query, "type");
        if (type is not null && !EventTypes.All.Contains(type))
        {
            throw Fault.Invalid("type", $"type must be one of {string.Join(", ", EventTypes.All.Where(name => name.StartsWith("sandbox.", StringComparison.Ordinal)))}").AsException();
        }

        Paging paging = Paging.Read(http.Request.Query, StandardLimit);
        UsageEvents page = await usage.EventsAsync(http.Caller(), span, type, paging.Offset, paging.Limit, cancellation);
        return reply.Data(new WireUsageEvents([.. page.Events.Select(Event)], ScaleBoxReply.Pagination(paging, page.Total)));
    }

    private UsageSpan SpanOf(IQueryCollection query)
    {
        DateTimeOffset end = ScaleBoxMetrics.Moment(query, "end") ?? time.GetUtcNow();
        DateTimeOffset start = ScaleBoxMetrics.Moment(query, "start")
            ?? (end - DateTimeOffset.UnixEpoch < s_standardSpan ? DateTimeOffset.UnixEpoch : end - s_standardSpan);
        return new UsageSpan(start, end)
        {
            Project = QueryValues.Text(query, "project_id"),
            Sandbox = QueryValues.Text(query, "sandbox_id") is { } sandbox
                ? ScaleBoxMapping.ParseId(sandbox) ?? throw Fault.NotFound("sandbox", sandbox).AsException()
                : null,
        };
    }

    private static WireUsageGroup Group(UsageGroup group, UsageGrouping by)
    {
        (string key, string name) = by is UsageGrouping.Day or UsageGrouping.Hour ? (Moment(group.Key), Moment(group.Name)) : (group.Key, group.Name);
        UsageTotals totals = group.Totals;
        return new WireUsageGroup(
            key, name, totals.Sessions, totals.Active, totals.Failed, Seconds(totals.RunningMs), Hours(totals.RunningMs), Hours(totals.CpuMs),
            Hours(totals.MemoryMbMs, MbPerGb), Hours(totals.StorageGbMs));
    }

    private WireUsageSession Session(UsageSession session) => new(
        session.Id, ScaleBoxMapping.Id(session.Sandbox), session.Name, session.Owner.Value, session.Project, session.Template, session.TemplateName,
        session.Resources.CpuCount, session.Resources.MemoryMb, session.Resources.StorageGb, session.StartedAt.UtcDateTime, session.EndedAt?.UtcDateTime,
        Math.Max(0, ((session.EndedAt ?? time.GetUtcNow()) - session.StartedAt).TotalSeconds), session.EndedAt is null ? "active" : "ended",
        session.Began, session.Ended);

    private static WireUsageEvent Event(UsageEvent happened) => new(
        happened.Id, happened.Type, happened.At.UtcDateTime, happened.Session.Id, ScaleBoxMapping.Id(happened.Session.Sandbox), happened.Session.Name,
        happened.Session.Owner.Value, happened.Session.Project);

    private static string Moment(string milliseconds) => DateTimeOffset.FromUnixTimeMilliseconds(long.Parse(milliseconds, CultureInfo.InvariantCulture))
        .UtcDateTime.ToString("yyyy-MM-dd'T'HH:mm:ss'Z'", CultureInfo.InvariantCulture);

    private static double Seconds(Int128 milliseconds) => (double)milliseconds / 1000;

    private static double Hours(Int128 milliseconds, int per = 1) => Math.Round((double)milliseconds / per / MillisecondsPerHour, 6);
}
