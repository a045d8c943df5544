using System.ComponentModel;
using System.Text.Json.Serialization;

namespace Atoll.Api.Dialects.ScaleBox;

internal sealed record WireQuotaField([property: Description("Null for no limit.")] int? Limit, long Used, long? Remaining);

internal sealed record WireQuota(
    string UserId,
    [property: Description("The project whose quota it is; null for that of the user.")] string? ProjectId,
    WireQuotaField Sandboxes,
    [property: Description("Of sandboxes that are neither over nor paused.")] WireQuotaField CpuCount,
    [property: Description("Of sandboxes that are neither over nor paused.")] WireQuotaField MemoryMb,
    WireQuotaField StorageGb,
    [property: Description("Nothing was allocated to it: the defaults hold.")] bool IsDefault);

internal sealed record WireQuotas(IReadOnlyList<WireQuota> QuotaAllocations);

internal sealed record WireQuotaRequest(
    string RequestId,
    string UserId,
    string? ProjectId,
    int? Sandboxes,
    int? CpuCount,
    int? MemoryMb,
    int? StorageGb,
    string Reason,
    [property: Description("pending, approved or rejected.")] string Status,
    string Note,
    DateTime CreatedAt,
    DateTime? DecidedAt);

internal sealed record WireQuotaRequests(IReadOnlyList<WireQuotaRequest> QuotaRequests, WirePagination Pagination);

internal sealed record WireSetQuota
{
    [Description("Whose; either this or project_id.")]
    public string? UserId { get; init; }

    public string? ProjectId { get; init; }

    [Description("Null in any of the four: as by default.")]
    public int? Sandboxes { get; init; }

    public int? CpuCount { get; init; }
    public int? MemoryMb { get; init; }
    public int? StorageGb { get; init; }
}

internal sealed record WireAskQuota
{
    [Description("A project of yours; your own quota when absent.")]
    public string? ProjectId { get; init; }

    public int? Sandboxes { get; init; }
    public int? CpuCount { get; init; }
    public int? MemoryMb { get; init; }
    public int? StorageGb { get; init; }
    public string? Reason { get; init; }
}

internal sealed record WireDecideQuota
{
    public string? Note { get; init; }
}

/// <summary>Quotas.</summary>
[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower, GenerationMode = JsonSourceGenerationMode.Metadata)]
[JsonSerializable(typeof(WireEnvelope<WireQuota>))]
[JsonSerializable(typeof(WireEnvelope<WireQuotas>))]
[JsonSerializable(typeof(WireEnvelope<WireQuotaRequest>))]
[JsonSerializable(typeof(WireEnvelope<WireQuotaRequests>))]
[JsonSerializable(typeof(WireSetQuota))]
[JsonSerializable(typeof(WireAskQuota))]
[JsonSerializable(typeof(WireDecideQuota))]
internal sealed partial class QuotaJson : JsonSerializerContext;
