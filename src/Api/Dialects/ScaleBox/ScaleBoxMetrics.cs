using System.Globalization;
using Atoll.Api.Http;
using Atoll.Api.Tenancy;
using Atoll.Domain;
using Atoll.Domain.Metrics;
using Atoll.Domain.Sandboxes;
using Microsoft.AspNetCore.Http;

namespace Atoll.Api.Dialects.ScaleBox;

/// <summary>What sandboxes use and have used (contracts/scalebox.md 1.2).</summary>
internal sealed class ScaleBoxMetrics(ISandboxMetrics metrics, ScaleBoxMapping mapping, ScaleBoxReply reply, TimeProvider time)
{
    /// <summary>Unix numbers above this are milliseconds, as one client sends them.</summary>
    private const long MostSeconds = 100_000_000_000;

    /// <summary>The samples of the window, and the latest one flat beside them, where one client looks for it.</summary>
    public async Task<IResult> GetAsync(HttpContext http, CancellationToken cancellation)
    {
        MetricHistory history = await HistoryAsync(http, cancellation);
        Sandbox sandbox = history.Sandbox;
        WireMetric[] samples = [.. history.Samples.Select(sample => Wire(sandbox, sample))];
        WireMetric? latest = samples.LastOrDefault();
        return reply.Data(new WireMetrics(
            ScaleBoxMapping.Id(sandbox.Id), latest?.Timestamp ?? time.GetUtcNow().UtcDateTime, ScaleBoxMapping.Status(sandbox.State),
            mapping.RunningSeconds(sandbox), samples, latest is null ? $"no metrics: the sandbox did not run in this window and is {ScaleBoxMapping.Status(sandbox.State)}" : null,
            latest?.CpuCount, latest?.CpuUsedPct, latest?.DiskTotal, latest?.DiskUsed, latest?.MemTotal, latest?.MemUsed));
    }

    public async Task<IResult> ChartAsync(HttpContext http, CancellationToken cancellation) =>
        reply.Data(ScaleBoxChart.Of(await HistoryAsync(http, cancellation)));

    public IResult Stats(HttpContext http)
    {
        SandboxTotals totals = metrics.Totals(http.Caller());
        return reply.Data(new WireSandboxStats(
            totals.Total, totals.Running, totals.Terminated, totals.Failed, Math.Round(totals.AverageCpuPercent, 2),
            Math.Round(totals.AverageMemoryPercent, 2), Math.Round(totals.Uptime.TotalHours, 4)));
    }

    /// <summary>Start and end, in whichever order they came; null what is not given.</summary>
    internal static (DateTimeOffset? Start, DateTimeOffset? End) Window(IQueryCollection query)
    {
        (DateTimeOffset? start, DateTimeOffset? end) = (Moment(query, "start"), Moment(query, "end"));
        return start > end ? (end, start) : (start, end);
    }

    /// <summary>Seconds, or numbers with units: <c>5</c>, <c>15m</c>, <c>1h30m</c>, <c>500ms</c>.</summary>
    internal static TimeSpan? Step(IQueryCollection query)
    {
        if (QueryValues.Text(query, "step") is not { } text)
        {
            return null;
        }

        TimeSpan step = TimeSpan.Zero;
        ReadOnlySpan<char> rest = text;
        while (rest.Length > 0)
        {
            int digits = rest.IndexOfAnyExcept("0123456789.");
            ReadOnlySpan<char> number = digits < 0 ? rest : rest[..digits];
            rest = rest[number.Length..];
            int letters = rest.IndexOfAny("0123456789.");
            ReadOnlySpan<char> unit = letters < 0 ? rest : rest[..letters];
            rest = rest[unit.Length..];
            double? seconds = unit switch { "" or "s" => 1, "ms" => 0.001, "m" => 60, "h" => 3600, _ => null };
            if (seconds is null || !double.TryParse(number, NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out double value) || value > 1_000_000_000)
            {
                throw Fault.Invalid("step", "step must be seconds, or a duration such as 5s, 15m or 1h").AsException();
            }

            step += TimeSpan.FromSeconds(value * seconds.Value);
        }

        return step;
    }

    private async Task<MetricHistory> HistoryAsync(HttpContext http, CancellationToken cancellation)
    {
        (DateTimeOffset? start, DateTimeOffset? end) = Window(http.Request.Query);
        var window = new MetricWindow(start, end, Step(http.Request.Query));
        return await metrics.HistoryAsync(http.Caller(), ScaleBoxSandboxes.Id(http), window, cancellation);
    }

    private static WireMetric Wire(Sandbox sandbox, SandboxMetric sample) => new(
        sample.At.UtcDateTime, sandbox.Resources.CpuCount, Math.Round(sample.CpuUsedPercent, 2),
        sample.DiskTotal, sample.DiskUsed, sample.MemoryTotal, sample.MemoryUsed);

    internal static DateTimeOffset? Moment(IQueryCollection query, string name)
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
