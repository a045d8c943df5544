using Atoll.Control.Stores;
using Atoll.Domain;
using Atoll.Domain.Tenancy;
using Atoll.Domain.Usage;

namespace Atoll.Control.Usage;

/// <summary>Usage as those who may know of it see it.</summary>
internal sealed class OwnedUsage(UsageStore store, SandboxStore sandboxes, ProjectStore projects, TimeProvider time) : IUsage
{
    private const int MaxLimit = 500;

    public Task<UsageTotals> SummaryAsync(Caller caller, UsageSpan span, CancellationToken cancellation) =>
        Task.FromResult(store.Summary(Scope(caller, span), span, time.Now()));

    public Task<IReadOnlyList<UsageGroup>> GroupsAsync(Caller caller, UsageSpan span, UsageGrouping by, CancellationToken cancellation) =>
        Task.FromResult(by switch
        {
            UsageGrouping.Day => Chart(caller, span, TimeSpan.FromDays(1), IUsage.LongestByDay),
            UsageGrouping.Hour => Chart(caller, span, TimeSpan.FromHours(1), IUsage.LongestByHour),
            UsageGrouping.Template => store.Groups(Scope(caller, span), span, "template", "template_name", time.Now()),
            UsageGrouping.Project => store.Groups(Scope(caller, span), span, "project", "project", time.Now()),
            _ => throw new ArgumentOutOfRangeException(nameof(by), by, "is no grouping"),
        });

    public Task<UsageSessions> SessionsAsync(Caller caller, UsageSpan span, int offset, int limit, CancellationToken cancellation) =>
        Task.FromResult(store.List(Scope(caller, span), span, offset, Checked(limit)));

    public Task<UsageEvents> EventsAsync(Caller caller, UsageSpan span, string? type, int offset, int limit, CancellationToken cancellation) =>
        Task.FromResult(store.Events(Scope(caller, span), span, type, offset, Checked(limit)));

    private IReadOnlyList<UsageGroup> Chart(Caller caller, UsageSpan span, TimeSpan step, TimeSpan longest)
    {
        if (span.End - span.Start > longest)
        {
            throw Fault.Invalid("start", $"start must be at most {longest.TotalDays:0} days before end, or group by something longer").AsException();
        }

        var chart = new UsageChart(span, step, time.Now());
        store.Scan(Scope(caller, span), span, chart.Add);
        return chart.Groups();
    }

    private static int Checked(int limit) =>
        limit is >= 1 and <= MaxLimit ? limit : throw Fault.Invalid("limit", $"limit must be 1 to {MaxLimit}").AsException();

    /// <summary>Whose use is told of; null for those who may know of everybody's. What a span names may be gone, and must not be another's.</summary>
    private UserId? Scope(Caller caller, UsageSpan span)
    {
        if (span.Start >= span.End)
        {
            throw Fault.Invalid("start", "start must be before end").AsException();
        }

        UserId? scope = caller.IsAdmin ? null : caller.User.Id;
        if (span.Sandbox is { } sandbox
            && !(sandboxes.Find(sandbox) is { } there ? caller.MaySee(there.Owner) : store.Knows(scope, sandbox: sandbox.Value)))
        {
            throw Fault.NotFound("sandbox", sandbox.Value).AsException();
        }

        if (span.Project is { } project
            && !(projects.Find(new ProjectId(project)) is { } present ? caller.MaySee(present.Owner) : store.Knows(scope, project: project)))
        {
            throw Fault.NotFound("project", project).AsException();
        }

        return scope;
    }
}
