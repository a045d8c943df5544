using System.Globalization;
using Atoll.Api.Http;
using Atoll.Api.Tenancy;
using Atoll.Domain;
using Atoll.Domain.Metrics;
using Atoll.Domain.Sandboxes;
using Microsoft.AspNetCore.Http;

namespace Atoll.Api.Dialects.E2b;

/// <summary>What sandboxes use and have used (contracts/e2b.md 1.1).</summary>
internal sealed class E2bMetrics(ISandboxes sandboxes, ISandboxMetrics metrics)
{
    private const int MostAtOnce = 100;

    // Over more than what is kept in full, points are as far apart as what is kept of the rest.
    private static readonly TimeSpan CoarseStep = TimeSpan.FromMinutes(1);

    /// <summary>GET /sandboxes/{id}/metrics: the samples from start to end, of the last 5 minutes when neither is given.</summary>
    public async Task<IResult> OneAsync(HttpContext http, CancellationToken cancellation)
    {
        (DateTimeOffset? start, DateTimeOffset? end) = (Moment(http, "start"), Moment(http, "end"));
        Sandbox sandbox = await sandboxes.FindAsync(http, cancellation);
        // Ends are whole seconds: the last one is meant whole.
        var window = new MetricWindow(start, end?.AddMilliseconds(999));
        MetricHistory history = await metrics.HistoryAsync(http.Caller(), sandbox.Id, window, cancellation);
        if (history.End - history.Start > ISandboxMetrics.SamplesKept)
        {
            history = await metrics.HistoryAsync(http.Caller(), sandbox.Id, window with { Step = CoarseStep }, cancellation);
        }

        return Results.Json([.. history.Samples.Select(sample => Wire(sandbox, sample))], E2bJson.Of<E2bMetric[]>());
    }

    /// <summary>GET /sandboxes/metrics: of several, by id. One that is not there, or not the caller's, is left out.</summary>
    public async Task<IResult> ManyAsync(HttpContext http, CancellationToken cancellation)
    {
        string[] ids = (QueryValues.Text(http.Request.Query, "sandbox_ids") ?? "").Split(',', StringSplitOptions.RemoveEmptyEntries);
        if (ids.Length is 0 or > MostAtOnce)
        {
            throw Fault.Invalid("sandbox_ids", $"sandbox_ids must be 1 to {MostAtOnce} ids with commas between").AsException();
        }

        var found = await metrics.PresentAsync(http.Caller(), [.. ids.Select(E2bMapping.ParseId).OfType<SandboxId>()], cancellation);
        return Results.Json(
            new E2bMetricsOfMany(found.ToDictionary(one => E2bMapping.Id(one.Key), one => Wire(one.Value.Sandbox, one.Value.Metric))),
            E2bJson.Of<E2bMetricsOfMany>());
    }

    private static E2bMetric Wire(Sandbox sandbox, SandboxMetric sample) => new(
        sample.At.UtcDateTime, sample.At.ToUnixTimeSeconds(), sandbox.Resources.CpuCount, Math.Round(sample.CpuUsedPercent, 2),
        sample.MemoryUsed, sample.MemoryTotal, sample.MemoryCache, sample.DiskUsed, sample.DiskTotal);

    private static DateTimeOffset? Moment(HttpContext http, string name)
    {
        if (QueryValues.Text(http.Request.Query, name) is not { } text)
        {
            return null;
        }

        return long.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out long seconds) && seconds <= uint.MaxValue
            ? DateTimeOffset.FromUnixTimeSeconds(seconds)
            : throw Fault.Invalid(name, $"{name} must be a time in Unix seconds").AsException();
    }
}
