using System.Text.Json.Serialization;

namespace Atoll.Api.Dialects.ScaleBox;

/// <summary>The user's sandboxes in numbers. The averages are percent, of those that run.</summary>
internal sealed record WireSandboxStats(
    int TotalSandboxes, int RunningSandboxes, int TerminatedSandboxes, int FailedSandboxes, double AvgCpuUsage, double AvgMemoryUsage,
    double TotalUptimeHours);

internal sealed record WireChart(
    string SandboxId, string Status, WireTimeWindow TimeWindow, WireChartConfig ChartConfig, IReadOnlyDictionary<string, WireSeries> Metrics,
    WireReferenceLimits ReferenceLimits);

/// <param name="Step">Seconds from one point to the next.</param>
internal sealed record WireTimeWindow(DateTime Start, DateTime End, double Step, int Points);

/// <param name="RefreshInterval">Seconds after which there is something new.</param>
internal sealed record WireChartConfig(string Type, WireAxis XAxis, WireAxis YAxis, IReadOnlyDictionary<string, string> Colors, int RefreshInterval);

internal sealed record WireAxis(
    string Field, string Unit,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] double? Min,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] double? Max);

/// <param name="Statistics">Null when there are no points.</param>
/// <param name="Trend">rising, falling or stable.</param>
internal sealed record WireSeries(string Label, string Unit, string Color, IReadOnlyList<WirePoint> Data, WireStatistics? Statistics, string Trend);

internal sealed record WirePoint(
    DateTime Timestamp, double Value, [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] long? Bytes);

internal sealed record WireStatistics(double Min, double Max, double Average, double Current);

/// <summary>What 100 percent are: processors, and bytes.</summary>
internal sealed record WireReferenceLimits(int CpuCount, long MemoryBytes, long DiskBytes);

/// <summary>Charts and totals.</summary>
[JsonSourceGenerationOptions(
    PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower,
    GenerationMode = JsonSourceGenerationMode.Metadata)]
[JsonSerializable(typeof(WireEnvelope<WireChart>))]
[JsonSerializable(typeof(WireEnvelope<WireSandboxStats>))]
internal sealed partial class MetricJson : JsonSerializerContext;
