using System.Text.Json;
using System.Text.Json.Serialization;

namespace Atoll.Sdk;

/// <summary>What a sandbox used over a span of time (contracts/scalebox.md 1.2).</summary>
public sealed record SandboxMetrics
{
    /// <summary>The sandbox.</summary>
    public required string SandboxId { get; init; }

    /// <summary>Its status when it was asked.</summary>
    public string? Status { get; init; }

    /// <summary>Seconds since its running phase began.</summary>
    public double? UptimeSeconds { get; init; }

    /// <summary>The samples, oldest first.</summary>
    public List<MetricsSample> Metrics { get; init; } = [];

    /// <summary>Why there are no samples; null when there are.</summary>
    public string? Error { get; init; }

    /// <summary>Whatever else the server tells, under its wire names.</summary>
    [JsonExtensionData]
    public Dictionary<string, JsonElement>? More { get; set; }
}

/// <summary>What a sandbox used at one moment.</summary>
public sealed record MetricsSample
{
    /// <summary>The moment.</summary>
    public DateTimeOffset Timestamp { get; init; }

    /// <summary>Processors that it may use.</summary>
    public int CpuCount { get; init; }

    /// <summary>Use of all of its processors, 0 to 100.</summary>
    public double CpuUsedPct { get; init; }

    /// <summary>Memory in use, in bytes.</summary>
    public long MemUsed { get; init; }

    /// <summary>Memory limit, in bytes.</summary>
    public long MemTotal { get; init; }

    /// <summary>Disk in use, in bytes.</summary>
    public long DiskUsed { get; init; }

    /// <summary>Disk limit, in bytes.</summary>
    public long DiskTotal { get; init; }
}

/// <summary>Which span of a sandbox's past to ask for. What is null is the server's choice: the last 5 minutes.</summary>
public sealed record MetricsQuery
{
    /// <summary>The first moment.</summary>
    public DateTimeOffset? Start { get; init; }

    /// <summary>The last moment.</summary>
    public DateTimeOffset? End { get; init; }

    /// <summary>Seconds from one sample to the next.</summary>
    public int? Step { get; init; }
}
