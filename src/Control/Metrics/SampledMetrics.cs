using Atoll.Control.Stores;
using Atoll.Domain;
using Atoll.Domain.Metrics;
using Atoll.Domain.Nodes;
using Atoll.Domain.Sandboxes;
using Atoll.Domain.Tenancy;

namespace Atoll.Control.Metrics;

/// <summary>Answers from what the sampler has stored, and for the present from the node.</summary>
internal sealed class SampledMetrics(ISandboxes sandboxes, MetricStore store, Sampler sampler, INode node, TimeProvider time) : ISandboxMetrics
{
    private static readonly TimeSpan LongestStep = ISandboxMetrics.MinutesKept;
    private static readonly TimeSpan ShortestStep = TimeSpan.FromSeconds(1);

    public async Task<MetricHistory> HistoryAsync(Caller caller, SandboxId id, MetricWindow window, CancellationToken cancellation)
    {
        Sandbox sandbox = await sandboxes.GetAsync(caller, id, cancellation);
        DateTimeOffset now = time.GetUtcNow();
        DateTimeOffset end = window.End ?? now;
        DateTimeOffset start = window.Start ?? Before(end, MetricWindow.Usual);
        (start, end) = start > end && window is { Start: not null, End: not null } ? (end, start) : (start, end);
        TimeSpan step = window.Step ?? ISandboxMetrics.Interval;
        if (step < ShortestStep || step > LongestStep)
        {
            throw Fault.Invalid("step", $"step must be {ShortestStep.TotalSeconds} s to {LongestStep.TotalHours} h").AsException();
        }

        IEnumerable<SandboxMetric> samples = store.Read(id, start, end, now);
        if (end >= now && start <= now && await PresentAsync(sandbox, cancellation) is { } present)
        {
            samples = samples.Append(present);
        }

        return new MetricHistory(sandbox, start, end, step, Average(samples, step));
    }

    public async Task<IReadOnlyDictionary<SandboxId, (Sandbox Sandbox, SandboxMetric Metric)>> PresentAsync(
        Caller caller, IReadOnlyCollection<SandboxId> ids, CancellationToken cancellation)
    {
        var found = new Dictionary<SandboxId, (Sandbox, SandboxMetric)>();
        foreach (SandboxId id in ids.Distinct())
        {
            try
            {
                Sandbox sandbox = await sandboxes.GetAsync(caller, id, cancellation);
                if ((sandbox.State is SandboxState.Running ? sampler.Latest(id) : null) is { } latest)
                {
                    found[id] = (sandbox, latest);
                }
                else if (await PresentAsync(sandbox, cancellation) is { } present)
                {
                    found[id] = (sandbox, present);
                }
            }
            catch (FaultException e) when (e.Fault.Code is FaultCode.NotFound)
            {
                // Left out, as promised.
            }
        }

        return found;
    }

    public SandboxTotals Totals(Caller caller)
    {
        (SandboxTotals totals, IReadOnlyList<SandboxId> running) = store.Totals(caller.User.Id, time.GetUtcNow());
        List<SandboxMetric> present = [.. running.Select(sampler.Latest).OfType<SandboxMetric>()];
        return present.Count == 0 ? totals : totals with
        {
            AverageCpuPercent = present.Average(metric => metric.CpuUsedPercent),
            AverageMemoryPercent = present.Average(metric => metric.MemoryTotal > 0 ? 100.0 * metric.MemoryUsed / metric.MemoryTotal : 0),
        };
    }

    internal static SandboxMetric Of(SandboxStats stats, DateTimeOffset at) => new()
    {
        At = at, CpuUsedPercent = stats.CpuUsedPercent, MemoryUsed = stats.MemoryUsed, MemoryTotal = stats.MemoryTotal,
        MemoryCache = stats.MemoryCache, DiskUsed = stats.DiskUsed, DiskTotal = stats.DiskTotal,
    };

    /// <summary>One sample for each step in which there is any: the averages, at the moment of the last.</summary>
    internal static IReadOnlyList<SandboxMetric> Average(IEnumerable<SandboxMetric> samples, TimeSpan step) =>
    [
        .. samples.GroupBy(sample => sample.At.UtcTicks / step.Ticks).Select(group => group.Count() == 1 ? group.First() : group.Last() with
        {
            CpuUsedPercent = group.Average(sample => sample.CpuUsedPercent),
            MemoryUsed = (long)group.Average(sample => sample.MemoryUsed),
            MemoryCache = (long)group.Average(sample => sample.MemoryCache),
            DiskUsed = (long)group.Average(sample => sample.DiskUsed),
        }),
    ];

    private async Task<SandboxMetric?> PresentAsync(Sandbox sandbox, CancellationToken cancellation)
    {
        if (sandbox.State is not SandboxState.Running)
        {
            return null;
        }

        try
        {
            SandboxStats stats = await node.StatsAsync(sandbox.Id, cancellation);
            return Of(stats, time.GetUtcNow());
        }
        catch (FaultException e) when (e.Fault.Code is FaultCode.AgentUnavailable)
        {
            // It has ended since it was read.
            return null;
        }
    }

    private static DateTimeOffset Before(DateTimeOffset moment, TimeSpan span) =>
        moment - DateTimeOffset.MinValue > span ? moment - span : DateTimeOffset.MinValue;
}
