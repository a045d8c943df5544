using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Serialization;
using System.Text.Json.Serialization.Metadata;

namespace Atoll.Api.Dialects.E2b;

/// <summary>Every error. Clients branch on <paramref name="Code"/>, which is the reply's status.</summary>
internal sealed record E2bError(int Code, string Message);

/// <summary>The answer to create and connect.</summary>
internal sealed record E2bSandbox
{
    [JsonPropertyName("templateID")]
    public required string TemplateId { get; init; }

    [JsonPropertyName("sandboxID")]
    public required string SandboxId { get; init; }

    [JsonPropertyName("clientID")]
    public required string ClientId { get; init; }

    public required string EnvdVersion { get; init; }
    public required string Alias { get; init; }

    /// <summary>Null when the sandbox's data plane asks for none.</summary>
    public string? EnvdAccessToken { get; init; }

    /// <summary>Null when the sandbox's ports are open to everybody.</summary>
    public string? TrafficAccessToken { get; init; }

    public string? Domain { get; init; }
}

/// <summary>A sandbox in a list; with the last fields, all that a client may know of one.</summary>
internal sealed record E2bSandboxDetail
{
    [JsonPropertyName("templateID")]
    public required string TemplateId { get; init; }

    [JsonPropertyName("sandboxID")]
    public required string SandboxId { get; init; }

    [JsonPropertyName("clientID")]
    public required string ClientId { get; init; }

    public required string EnvdVersion { get; init; }
    public required string Alias { get; init; }
    public required DateTime StartedAt { get; init; }
    public required DateTime EndAt { get; init; }
    public required int CpuCount { get; init; }

    [JsonPropertyName("memoryMB")]
    public required int MemoryMb { get; init; }

    [JsonPropertyName("diskSizeMB")]
    public required int DiskSizeMb { get; init; }

    public required string State { get; init; }
    public required IReadOnlyDictionary<string, string> Metadata { get; init; }

    /// <summary>Always empty: there are no volumes yet.</summary>
    public IReadOnlyList<string> VolumeMounts { get; init; } = [];

    // The rest is not in lists.
    public bool? AllowInternetAccess { get; init; }
    public E2bNetwork? Network { get; init; }
    public E2bAfterTimeout? Lifecycle { get; init; }
    public string? EnvdAccessToken { get; init; }
    public string? Domain { get; init; }
}

/// <summary>What became of one copy: one of the two.</summary>
internal sealed record E2bForked(E2bSandbox? Sandbox, E2bError? Error);

/// <param name="SnapshotId">What a create takes as templateID.</param>
internal sealed record E2bSnapshot([property: JsonPropertyName("snapshotID")] string SnapshotId, IReadOnlyList<string> Names);

internal sealed record E2bNetwork(bool AllowPublicTraffic, string? MaskRequestHost);

internal sealed record E2bAfterTimeout(string OnTimeout, bool AutoResume);

/// <summary>What a sandbox used at a moment; bytes, and percent of all of its processors.</summary>
internal sealed record E2bMetric(
    DateTime Timestamp, long TimestampUnix, int CpuCount, double CpuUsedPct, long MemUsed, long MemTotal, long MemCache, long DiskUsed, long DiskTotal);

internal sealed record E2bMetricsOfMany(IReadOnlyDictionary<string, E2bMetric> Sandboxes);

/// <summary>The dialect's JSON: camelCase but for names that end in ID or MB; what is null is left out.</summary>
[JsonSourceGenerationOptions(GenerationMode = JsonSourceGenerationMode.Metadata)]
[JsonSerializable(typeof(E2bError))]
[JsonSerializable(typeof(E2bSandbox))]
[JsonSerializable(typeof(E2bForked[]))]
[JsonSerializable(typeof(E2bSnapshot))]
[JsonSerializable(typeof(E2bSnapshot[]))]
[JsonSerializable(typeof(E2bSandboxDetail))]
[JsonSerializable(typeof(E2bSandboxDetail[]))]
[JsonSerializable(typeof(E2bMetric[]))]
[JsonSerializable(typeof(E2bMetricsOfMany))]
internal sealed partial class E2bJson : JsonSerializerContext
{
    private static readonly E2bJson Wire = new(new JsonSerializerOptions
    {
        PropertyNamingPolicy = JsonNamingPolicy.CamelCase,
        DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull,
        Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping,
    });

    public static JsonTypeInfo<T> Of<T>() => (JsonTypeInfo<T>)Wire.GetTypeInfo(typeof(T))!;
}
