using System.Globalization;
using Atoll.Api.Http;
using Atoll.Api.Tenancy;
using Atoll.Domain;
using Atoll.Domain.Nodes;
using Atoll.Domain.Sandboxes;
using Microsoft.AspNetCore.Http;

namespace Atoll.Api.Dialects.E2b;

/// <summary>What sandboxes use at the moment of asking: none of it is kept, so a window that has passed is empty.</summary>
internal sealed class E2bMetrics(ISandboxes sandboxes, INode node)
{
    private const int MostAtOnce = 100;

    /// <summary>GET /sandboxes/{id}/metrics: the present sample, when it lies between start and end.</summary>
    public async Task<IResult> OneAsync(HttpContext http, CancellationToken cancellation)
    {
        (DateTimeOffset? start, DateTimeOffset? end) = (Moment(http, "start"), Moment(http, "end"));
        Sandbox sandbox = await sandboxes.FindAsync(http, cancellation);
        E2bMetric[] present = await SampleAsync(sandbox, cancellation) is { } metric ? [metric] : [];
        return Results.Json(
            [.. present.Where(one => !(one.Timestamp < start) && !(one.TimestampUnix > end?.ToUnixTimeSeconds()))], E2bJson.Of<E2bMetric[]>());
    }

    /// <summary>GET /sandboxes/metrics: of several, by id. One that is not there, or not the caller's, is left out.</summary>
    public async Task<IResult> ManyAsync(HttpContext http, CancellationToken cancellation)
    {
        string[] ids = (QueryValues.Text(http.Request.Query, "sandbox_ids") ?? "").Split(',', StringSplitOptions.RemoveEmptyEntries);
        if (ids.Length is 0 or > MostAtOnce)
        {
            throw Fault.Invalid("sandbox_ids", $"sandbox_ids must be 1 to {MostAtOnce} ids with commas between").AsException();
        }

        var found = new Dictionary<string, E2bMetric>();
        foreach (SandboxId id in ids.Select(E2bMapping.ParseId).OfType<SandboxId>().Distinct())
        {
            if (await ReadAsync(http, id, cancellation) is { } metric)
            {
                found[E2bMapping.Id(id)] = metric;
            }
        }

        return Results.Json(new E2bMetricsOfMany(found), E2bJson.Of<E2bMetricsOfMany>());
    }

    private async Task<E2bMetric?> ReadAsync(HttpContext http, SandboxId id, CancellationToken cancellation)
    {
        try
        {
            return await SampleAsync(await sandboxes.GetAsync(http.Caller(), id, cancellation), cancellation);
        }
        catch (FaultException e) when (e.Fault.Code is FaultCode.NotFound)
        {
            return null;
        }
    }

    private async Task<E2bMetric?> SampleAsync(Sandbox sandbox, CancellationToken cancellation)
    {
        if (sandbox.State is not SandboxState.Running)
        {
            return null;
        }

        SandboxStats stats = await node.StatsAsync(sandbox.Id, cancellation);
        return new E2bMetric(
            stats.At.UtcDateTime, stats.At.ToUnixTimeSeconds(), sandbox.Resources.CpuCount, Math.Round(stats.CpuUsedPercent, 2),
            stats.MemoryUsed, stats.MemoryTotal, stats.MemoryCache, stats.DiskUsed, stats.DiskTotal);
    }

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
