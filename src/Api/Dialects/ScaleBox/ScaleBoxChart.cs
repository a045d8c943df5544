using Atoll.Domain.Metrics;

namespace Atoll.Api.Dialects.ScaleBox;

/// <summary>A history as a frontend draws it: a series in percent for each resource, with its statistics, its trend and a colour.</summary>
internal static class ScaleBoxChart
{
    /// <summary>Percentage points by which the averages of the first and the last third differ when there is a trend.</summary>
    private const double Trend = 5;

    public static WireChart Of(MetricHistory history)
    {
        IReadOnlyList<SandboxMetric> samples = history.Samples;
        var series = new Dictionary<string, WireSeries>
        {
            ["cpu_usage"] = Series("CPU", "#2563eb", samples, sample => sample.CpuUsedPercent, null),
            ["memory_usage"] = Series("Memory", "#16a34a", samples, sample => Share(sample.MemoryUsed, sample.MemoryTotal), sample => sample.MemoryUsed),
            ["disk_usage"] = Series("Disk", "#d97706", samples, sample => Share(sample.DiskUsed, sample.DiskTotal), sample => sample.DiskUsed),
        };
        SandboxMetric? last = samples.Count > 0 ? samples[^1] : null;
        return new WireChart(
            ScaleBoxMapping.Id(history.Sandbox.Id),
            ScaleBoxMapping.Status(history.Sandbox.State),
            new WireTimeWindow(history.Start.UtcDateTime, history.End.UtcDateTime, history.Step.TotalSeconds, samples.Count),
            new WireChartConfig(
                "line", new WireAxis("timestamp", "time", null, null), new WireAxis("value", "percent", 0, 100),
                series.ToDictionary(one => one.Key, one => one.Value.Color), (int)ISandboxMetrics.Interval.TotalSeconds),
            series,
            new WireReferenceLimits(
                history.Sandbox.Resources.CpuCount, last?.MemoryTotal ?? (long)history.Sandbox.Resources.MemoryMb << 20,
                last?.DiskTotal ?? (long)history.Sandbox.Resources.StorageGb << 30));
    }

    private static WireSeries Series(
        string label, string color, IReadOnlyList<SandboxMetric> samples, Func<SandboxMetric, double> percent, Func<SandboxMetric, long>? bytes)
    {
        double[] values = [.. samples.Select(sample => Math.Round(percent(sample), 2))];
        return new WireSeries(
            label, "percent", color,
            [.. samples.Select((sample, i) => new WirePoint(sample.At.UtcDateTime, values[i], bytes?.Invoke(sample)))],
            values.Length == 0 ? null : new WireStatistics(values.Min(), values.Max(), Math.Round(values.Average(), 2), values[^1]),
            TrendOf(values));
    }

    internal static string TrendOf(double[] values)
    {
        int third = values.Length / 3;
        double change = third == 0 ? 0 : values[^third..].Average() - values[..third].Average();
        return change >= Trend ? "rising" : change <= -Trend ? "falling" : "stable";
    }

    private static double Share(long used, long total) => total > 0 ? Math.Clamp(100.0 * used / total, 0, 100) : 0;
}
