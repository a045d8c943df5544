using System.ComponentModel;
using System.ComponentModel.DataAnnotations;
using System.Diagnostics.CodeAnalysis;
using System.Text.Json.Serialization;

namespace Atoll.Api.Dialects.ScaleBox;

internal sealed record WirePause
{
    [Description("True: answer at once instead of waiting until the sandbox is paused.")]
    public bool? IsAsync { get; init; }
}

internal sealed record WireResume
{
    [Description("True: answer at once instead of waiting until the sandbox runs.")]
    public bool? IsAsync { get; init; }

    [Description("True: resume also when mounts would need fresh credentials.")]
    public bool? BestEffortOss { get; init; }

    [Description("What becomes of the sandbox's slots for object storage; they stay as they are when absent. Slots are kept; nothing is mounted in this version.")]
    public WireMountPatch? ObjectStorage { get; init; }
}

/// <summary>One of the three, or none.</summary>
internal sealed record WireMountPatch
{
    public bool? RemoveAll { get; init; }
    public bool? DisableAll { get; init; }
    public IReadOnlyList<WireMountChange>? Mounts { get; init; }
}

internal sealed record WireMountChange
{
    [Description("Absolute; says which mount is meant.")]
    public required string MountPoint { get; init; }

    [Description("s3://, oss:// or cos:// and a bucket.")]
    public string? Uri { get; init; }

    [Description("Not kept.")]
    public string? AccessKey { get; init; }

    [Description("Not kept.")]
    public string? SecretKey { get; init; }

    [Description("Not kept; says that the credentials are short-lived.")]
    public string? SessionToken { get; init; }

    public string? Region { get; init; }

    [Description("Instead of region.")]
    public string? Endpoint { get; init; }

    [Description("True: free the slot. Excludes all but mount_point.")]
    public bool? Delete { get; init; }

    [Description("True: keep the slot without mounting it. Excludes all but mount_point.")]
    public bool? Disable { get; init; }
}

internal sealed record WireMountSlot(
    int Slot,
    [property: Description("active, disabled or free.")] string State,
    string? Uri,
    string MountPoint,
    string? Region,
    string? Endpoint,
    [property: Description("Whether each resume needs fresh credentials.")] bool ShortLived);

/// <summary>The sandbox and, beside its fields, what the contract has instead of them when a resume is not waited for.</summary>
internal sealed record WireResumedSandbox : WireSandbox
{
    public WireResumedSandbox()
    {
    }

    [SetsRequiredMembers]
    private WireResumedSandbox(WireSandbox sandbox, string message)
        : base(sandbox) => Message = message;

    public required string Message { get; init; }

    public static WireResumedSandbox Of(WireSandbox sandbox, string message) => new(sandbox, message);
}

internal sealed record WireFork
{
    [Range(1, 100)]
    [Description("How many copies; 1 when absent.")]
    public int? Count { get; init; }

    [MaxLength(24)]
    [Description("Name of the copies; more than one get a number after it. As the original's when absent.")]
    public string? Name { get; init; }

    [Description("Seconds that the copies' running phase may last; the original's when absent.")]
    public int? Timeout { get; init; }

    [Description("Added to the original's.")]
    public Dictionary<string, string>? Metadata { get; init; }
}

internal sealed record WireForks(IReadOnlyList<WireSandbox> Sandboxes);

internal sealed record WireBatch
{
    [Description("1 to 100 ids.")]
    public required IReadOnlyList<string> SandboxIds { get; init; }

    [Description("Of no matter: taking down is never held up. For batch-delete and batch-terminate.")]
    public bool? Force { get; init; }
}

internal sealed record WireBatchResult(
    string SandboxId,
    [property: Description("What it is or is becoming; error when nothing came of it.")] string Status,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] string? Error);

/// <summary>What became of each sandbox, in the order of the request. The counts once more under their older names.</summary>
internal sealed record WireBatchResults(
    int Total, int Successful, int Failed, int SuccessfulCount, int FailedCount, IReadOnlyList<WireBatchResult> Results);

internal sealed record WireNewSnapshot
{
    [MaxLength(64)]
    [Description("Unique among yours, of a-z, 0-9, _ and -; absent for none.")]
    public string? Name { get; init; }
}

internal sealed record WireSnapshot(
    [property: Description("snp- and a ULID.")] string SnapshotId,
    string? Name,
    [property: Description("Of what it was taken.")] string SandboxId,
    string TemplateId,
    string TemplateName,
    int CpuCount,
    int MemoryMb,
    int StorageGb,
    [property: Description("What its image takes on the server's disk.")] long SizeBytes,
    DateTime CreatedAt,
    string OwnerUserId);

internal sealed record WireSnapshots(IReadOnlyList<WireSnapshot> Snapshots, WirePagination Pagination);

internal sealed record WireDeletedSnapshot(string SnapshotId);

[JsonSourceGenerationOptions(
    PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower,
    GenerationMode = JsonSourceGenerationMode.Metadata)]
[JsonSerializable(typeof(WirePause))]
[JsonSerializable(typeof(WireResume))]
[JsonSerializable(typeof(WireEnvelope<WireResumedSandbox>))]
[JsonSerializable(typeof(WireFork))]
[JsonSerializable(typeof(WireEnvelope<WireForks>))]
[JsonSerializable(typeof(WireBatch))]
[JsonSerializable(typeof(WireEnvelope<WireBatchResults>))]
[JsonSerializable(typeof(WireNewSnapshot))]
[JsonSerializable(typeof(WireEnvelope<WireSnapshot>))]
[JsonSerializable(typeof(WireEnvelope<WireSnapshots>))]
[JsonSerializable(typeof(WireEnvelope<WireDeletedSnapshot>))]
internal sealed partial class LifecycleJson : JsonSerializerContext;
