using System.Globalization;
using Atoll.Api.Http;
using Atoll.Api.Tenancy;
using Atoll.Domain;
using Atoll.Domain.Nodes;
using Atoll.Domain.Sandboxes;
using Microsoft.AspNetCore.Http;

namespace Atoll.Api.Dialects.ScaleBox;

/// <summary>What a sandbox uses at the moment of asking: none of it is kept, so a window that has passed is empty.</summary>
internal sealed class ScaleBoxMetrics(ISandboxes sandboxes, INode node, ScaleBoxMapping mapping, ScaleBoxReply reply, TimeProvider time)
{
    /// <summary>Unix numbers above this are milliseconds, as one client sends them.</summary>
    private const long MostSeconds = 100_000_000_000;

    public async Task<IResult> GetAsync(HttpContext http, CancellationToken cancellation)
    {
        (DateTimeOffset? start, DateTimeOffset? end) = Window(http.Request.Query);
        Sandbox sandbox = await sandboxes.GetAsync(http.Caller(), ScaleBoxSandboxes.Id(http), cancellation);
        WireMetric? latest = sandbox.State is SandboxState.Running ? await SampleAsync(sandbox, cancellation) : null;
        bool shown = latest is not null && !(latest.Timestamp < start) && !(latest.Timestamp > end);
        return reply.Data(new WireMetrics(
            ScaleBoxMapping.Id(sandbox.Id), latest?.Timestamp ?? time.GetUtcNow().UtcDateTime, ScaleBoxMapping.Status(sandbox.State),
            mapping.RunningSeconds(sandbox), shown ? [latest!] : [], latest is null ? "the sandbox does not run" : null,
            latest?.CpuCount, latest?.CpuUsedPct, latest?.DiskTotal, latest?.DiskUsed, latest?.MemTotal, latest?.MemUsed));
    }

    /// <summary>Start and end, in whichever order they came; the end is open when it is not given.</summary>
    internal static (DateTimeOffset? Start, DateTimeOffset? End) Window(IQueryCollection query)
    {
        (DateTimeOffset? start, DateTimeOffset? end) = (Moment(query, "start"), Moment(query, "end"));
        return start > end ? (end, start) : (start, end);
    }

    private async Task<WireMetric> SampleAsync(Sandbox sandbox, CancellationToken cancellation)
    {
        SandboxStats stats = await node.StatsAsync(sandbox.Id, cancellation);
        return new WireMetric(
            stats.At.UtcDateTime, sandbox.Resources.CpuCount, Math.Round(stats.CpuUsedPercent, 2),
            stats.DiskTotal, stats.DiskUsed, stats.MemoryTotal, stats.MemoryUsed);
    }

    private static DateTimeOffset? Moment(IQueryCollection query, string name)
    {
        if (QueryValues.Text(query, name) is not { } text)
        {
            return null;
        }

        if (long.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out long number) && number < MostSeconds * 1000)
        {
            return number < MostSeconds ? DateTimeOffset.FromUnixTimeSeconds(number) : DateTimeOffset.FromUnixTimeMilliseconds(number);
        }

        return DateTimeOffset.TryParse(
            text, CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal | DateTimeStyles.AdjustToUniversal, out DateTimeOffset moment)
            ? moment
            : throw Fault.Invalid(name, $"{name} must be a time such as 2026-01-31T12:00:00Z, or Unix seconds").AsException();
    }
}
