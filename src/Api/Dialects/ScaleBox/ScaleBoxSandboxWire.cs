using System.ComponentModel;
using System.Text.Json.Serialization;

namespace Atoll.Api.Dialects.ScaleBox;

internal sealed record WireResources(int CpuCount, int MemoryMb, int StorageGb);

/// <summary>One sandbox with the union of the keys that the field's clients read (contracts/scalebox.md 1.2).</summary>
internal record WireSandbox
{
    [Description("sbx- and a ULID.")]
    public required string SandboxId { get; init; }

    public required string Name { get; init; }
    public required string Description { get; init; }

    [Description("created, starting, running, pausing, paused, resuming, terminating, terminated or failed.")]
    public required string Status { get; init; }

    [Description("The step within starting or terminating; empty otherwise.")]
    public required string Substatus { get; init; }

    [Description("Why it is in this status; empty while all is well.")]
    public required string Reason { get; init; }

    public required string TemplateId { get; init; }
    public required string TemplateName { get; init; }
    public required bool TemplateExists { get; init; }
    public required string TemplateSource { get; init; }
    public string? TemplateCustomCommand { get; init; }
    public string? TemplateReadyCommand { get; init; }
    public required string OwnerUserId { get; init; }
    public required WireOwner Owner { get; init; }
    public required WireOwner AccountOwner { get; init; }
    public required string UserAccountId { get; init; }

    [JsonPropertyName("userName")]
    public string? UserName { get; init; }

    [JsonPropertyName("userEmail")]
    public string? UserEmail { get; init; }

    public required string ProjectId { get; init; }
    public required string ProjectName { get; init; }
    public required string? Region { get; init; }
    public required string Visibility { get; init; }
    public required int CpuCount { get; init; }
    public required int MemoryMb { get; init; }
    public required int StorageGb { get; init; }
    public required WireResources Resources { get; init; }

    [Description("Seconds that the running phase may last.")]
    public required int Timeout { get; init; }

    [Description("Whether it is paused, not terminated, when its running phase ends.")]
    public required bool AutoPause { get; init; }

    [Description("Whether a request that needs it brings it back when it is paused.")]
    public required bool AutoResume { get; init; }

    [Description("Seconds without use after which it is paused; null for never.")]
    public required int? IdleTimeout { get; init; }

    public required bool Secure { get; init; }
    public required bool AllowInternetAccess { get; init; }

    [Description("Host and port of the data plane, without a scheme.")]
    public required string SandboxDomain { get; init; }

    [JsonPropertyName("domain")]
    public required string Domain { get; init; }

    public string? SandboxDomainInternal { get; init; }
    public required bool WebTerminalAvailable { get; init; }
    public required bool WebFilesAvailable { get; init; }

    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    [Description("The sandbox's access token; not in lists.")]
    public string? EnvdAccessToken { get; init; }

    public required IReadOnlyDictionary<string, string> Metadata { get; init; }
    public required IReadOnlyDictionary<string, string> EnvVars { get; init; }

    [Description("The slots for object storage, without credentials; null while there are none.")]
    public IReadOnlyList<WireMountSlot>? ObjectStorage { get; init; }

    [Description("The slot, when there is only one.")]
    public WireMountSlot? ObjectStorageSingle { get; init; }

    public bool ObjectStorageDirectMount { get; init; }

    [JsonPropertyName("object_storage_s3fs_path")]
    public string ObjectStorageS3fsPath { get; init; } = "";

    public required IReadOnlyList<WirePort> Ports { get; init; }
    public required IReadOnlyList<WirePort> TemplatePorts { get; init; }
    public required IReadOnlyList<WirePort> CustomPorts { get; init; }

    [Description("Always null in this version.")]
    public string? NetworkProxy { get; init; }

    public required DateTime CreatedAt { get; init; }
    public required DateTime UpdatedAt { get; init; }
    public required DateTime? StartedAt { get; init; }
    public required DateTime? StoppedAt { get; init; }
    public required DateTime? EndedAt { get; init; }

    [Description("When the running phase ends; null while none runs.")]
    public required DateTime? TimeoutAt { get; init; }

    [Description("Whole seconds until timeout_at; 0 while none runs.")]
    public required int RemainingSeconds { get; init; }

    [Description("When its last pause was complete.")]
    public required DateTime? PausedAt { get; init; }

    [Description("When it was last asked to pause.")]
    public required DateTime? PausingAt { get; init; }

    [Description("When it last came back from a pause.")]
    public required DateTime? ResumedAt { get; init; }

    [Description("Whole seconds in which it ran.")]
    public required int Uptime { get; init; }

    [Description("Whole seconds in which it was paused, the present pause included.")]
    public required int TotalPausedSeconds { get; init; }

    [Description("Whole seconds in which it ran, the present phase included.")]
    public required int TotalRunningSeconds { get; init; }

    public required int ActualTotalPausedSeconds { get; init; }
    public required int ActualTotalRunningSeconds { get; init; }

    [Description("completed once it is terminated; null until then.")]
    public required string? LifecycleOutcome { get; init; }

    public required DateTime LastAccessedAt { get; init; }

    [Description("Always null: what is paused is kept until somebody ends it.")]
    public int? PersistenceDays { get; init; }

    public DateTime? PersistenceExpiresAt { get; init; }
    public int? PersistenceDaysRemaining { get; init; }
}

internal sealed record WireSandboxes(IReadOnlyList<WireSandbox> Sandboxes, WirePagination Pagination);

internal sealed record WireSandboxStatus(string SandboxId, string Status, string Substatus, string Reason, DateTime UpdatedAt);

internal sealed record WireTimeout(
    [property: Description("Seconds.")] int Timeout,
    DateTime? TimeoutAt,
    [property: Description("Whole seconds.")] int RemainingTime,
    [property: Description("Whole seconds of the present running phase.")] int UsedLifetime,
    [property: Description("current_phase while it runs, otherwise next_phase.")] string AppliesTo,
    string Note);

internal sealed record WireEnding(
    string SandboxId,
    [property: Description("deletion_in_progress, termination_in_progress, terminated or failed.")] string Status,
    string Note);

/// <summary>What a sandbox used at a moment: bytes, and percent of all of its processors.</summary>
internal sealed record WireMetric(
    DateTime Timestamp, int CpuCount, double CpuUsedPct, long DiskTotal, long DiskUsed, long MemTotal, long MemUsed);

/// <summary>Samples, and the latest one flat beside them, where one client looks for it (contracts/scalebox.md 1.3).</summary>
internal sealed record WireMetrics(
    string SandboxId,
    DateTime Timestamp,
    string Status,
    int UptimeSeconds,
    IReadOnlyList<WireMetric> Metrics,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] string? Error,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] int? CpuCount,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] double? CpuUsedPct,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] long? DiskTotal,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] long? DiskUsed,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] long? MemTotal,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] long? MemUsed);
