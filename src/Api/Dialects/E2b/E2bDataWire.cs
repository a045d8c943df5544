using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Serialization;

namespace Atoll.Api.Dialects.E2b;

/// <param name="Code">The HTTP status.</param>
/// <param name="SandboxId">In what E2B's proxy says of a sandbox that is not there.</param>
internal sealed record WireDataError(string Message, int Code, string? SandboxId);

/// <summary>A file that was written.</summary>
internal sealed record WireWritten(string Path, string Name, string Type, IReadOnlyDictionary<string, string>? Metadata);

/// <summary>What the sandbox uses; bytes, percent of its processors, Unix seconds.</summary>
internal sealed record WireEnvdMetrics(
    [property: JsonPropertyName("ts")] long Ts,
    [property: JsonPropertyName("cpu_count")] int CpuCount,
    [property: JsonPropertyName("cpu_used_pct")] double CpuUsedPct,
    [property: JsonPropertyName("mem_total")] long MemTotal,
    [property: JsonPropertyName("mem_used")] long MemUsed,
    [property: JsonPropertyName("mem_cache")] long MemCache,
    [property: JsonPropertyName("mem_total_mib")] long MemTotalMib,
    [property: JsonPropertyName("mem_used_mib")] long MemUsedMib,
    [property: JsonPropertyName("disk_used")] long DiskUsed,
    [property: JsonPropertyName("disk_total")] long DiskTotal);

/// <summary>The JSON of envd's plain HTTP: camelCase, absent rather than null.</summary>
[JsonSourceGenerationOptions(
    PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase,
    DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull,
    GenerationMode = JsonSourceGenerationMode.Metadata)]
[JsonSerializable(typeof(WireDataError))]
[JsonSerializable(typeof(WireWritten))]
[JsonSerializable(typeof(IReadOnlyList<WireWritten>))]
[JsonSerializable(typeof(WireEnvdMetrics))]
[JsonSerializable(typeof(IReadOnlyDictionary<string, string>))]
internal sealed partial class E2bDataJson : JsonSerializerContext
{
    /// <summary>As the attribute says, with texts readable: replies are JSON, never pasted into HTML.</summary>
    public static E2bDataJson Wire { get; } = new(new JsonSerializerOptions
    {
        PropertyNamingPolicy = JsonNamingPolicy.CamelCase,
        DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull,
        Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping,
    });
}
