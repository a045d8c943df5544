using System.ComponentModel;
using System.ComponentModel.DataAnnotations;
using System.Text.Json;
using System.Text.Json.Serialization;

namespace Atoll.Api.Dialects.ScaleBox;

/// <summary>A template, with the union of the fields that replies of one have.</summary>
internal sealed record WireTemplate
{
    public required string TemplateId { get; init; }
    public required string Name { get; init; }
    public required string Description { get; init; }
    public required int DefaultCpuCount { get; init; }

    [Description("MiB; also the least that a sandbox of it may ask for.")]
    public required int DefaultMemoryMb { get; init; }

    [Description("private, account_shared or public.")]
    public required string Visibility { get; init; }

    public required bool IsPublic { get; init; }

    [Description("scalebox_family or custom.")]
    public required string TemplateSource { get; init; }

    [Description("external or imported; null for one of no image.")]
    public string? CustomImageSource { get; init; }

    public required string ExternalImageUrl { get; init; }
    public required string ExternalRegistryUsername { get; init; }

    [Description("pending, building, pushing, available or failed.")]
    public required string Status { get; init; }

    [Description("Null for one of the installation's own.")]
    public string? OwnerUserId { get; init; }

    [Description("The same as owner_user_id.")]
    public string? OwnerId { get; init; }

    public string? OwnerAccountId { get; init; }
    public required string HarborImageUrl { get; init; }
    public required string HarborProject { get; init; }
    public required string HarborRepository { get; init; }
    public required string HarborTag { get; init; }
    public long? ImageSizeBytes { get; init; }
    public required JsonElement Metadata { get; init; }

    [Description("A JSON array of ports, as a text.")]
    public required string Ports { get; init; }

    public required string CustomCommand { get; init; }
    public required string ReadyCommand { get; init; }
    public DateTime? BuildStartedAt { get; init; }
    public DateTime? PushStartedAt { get; init; }
    public DateTime? PushCompletedAt { get; init; }
    public required string BuildErrorMessage { get; init; }
    public DateTime? LastStorageSyncAt { get; init; }
    public required DateTime CreatedAt { get; init; }
    public required DateTime UpdatedAt { get; init; }
    public WireOwner? Owner { get; init; }
    public required bool HasTemplateDocument { get; init; }
    public string? BaseTemplateId { get; init; }

    // The rest is not in lists.
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public string? ParentTemplateId { get; init; }

    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public string? RootTemplateId { get; init; }

    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public string? TemplateDocument { get; init; }
}

internal sealed record WireTemplates(IReadOnlyList<WireTemplate> Templates, WirePagination Pagination);

internal sealed record WireChangedTemplate(WireTemplate Template);

internal sealed record WireTemplateDocument(string TemplateId, string TemplateDocument);

internal sealed record WireTemplateLink(string TemplateId, string Name, string Visibility);

internal sealed record WireTemplateChain([property: Description("The template first, what it was made of after it.")] IReadOnlyList<WireTemplateLink> Chain, int Depth);

internal sealed record WireTemplateShare(string TemplateId, string Name, string Visibility, string HarborProject, string HarborImageUrl, string Message);

internal sealed record WireTemplateStorage(double UsedGb, double LimitGb, double Percentage, long UsedBytes, long LimitBytes);

internal sealed record WireTemplateBuild(string Message, string TemplateId, string BuildStatus, string HarborImageUrl);

/// <summary>The answer to create-template.</summary>
internal sealed record WireCapturedTemplate(
    string TemplateId, string Name, string Description, int DefaultCpuCount, int DefaultMemoryMb, string Visibility, bool IsPublic, string Status,
    string HarborProject, string HarborRepository, string HarborTag, string? BaseTemplateId, string Ports, string CustomCommand, string ReadyCommand,
    DateTime CreatedAt, string Message);

/// <summary>Body of create-template.</summary>
internal sealed record WireCaptureTemplate
{
    [MinLength(4)]
    [MaxLength(32)]
    public required string Name { get; init; }

    public string? Description { get; init; }

    [Description("private (default), account_shared or public.")]
    public string? Visibility { get; init; }

    [Description("true is visibility public; visibility counts for more.")]
    public bool? IsPublic { get; init; }

    [Description("The sandbox's when absent or 0.")]
    public int? CpuCount { get; init; }

    [Description("MiB; the sandbox's when absent or 0.")]
    public int? MemoryMb { get; init; }

    [Description("More ports: a JSON array, or a text that holds one.")]
    public JsonElement? Ports { get; init; }

    [Description("Leave out the sandbox's ports.")]
    public bool? ResetPorts { get; init; }

    public string? CustomCommand { get; init; }
    public string? ReadyCommand { get; init; }
}

/// <summary>A reply that has no data.</summary>
internal sealed record WireDone(bool Success, string Message, DateTime Timestamp);

/// <summary>Body of POST /v1/templates, and with its fields optional of PUT.</summary>
internal record WireChangeTemplate
{
    [MinLength(4)]
    [MaxLength(32)]
    public string? Name { get; init; }

    public string? Description { get; init; }
    public int? DefaultCpuCount { get; init; }

    [Description("MiB.")]
    public int? DefaultMemoryMb { get; init; }

    [Description("private, account_shared or public.")]
    public string? Visibility { get; init; }

    [Description("true is visibility public; visibility counts for more.")]
    public bool? IsPublic { get; init; }

    public string? ExternalImageUrl { get; init; }
    public string? ExternalRegistryUsername { get; init; }

    [Description("Kept encrypted; never read back.")]
    public string? ExternalRegistryPassword { get; init; }

    public string? HarborImageUrl { get; init; }

    [Description("A JSON object, or a text that holds one.")]
    public JsonElement? Metadata { get; init; }

    [Description("A JSON array of ports, or a text that holds one.")]
    public JsonElement? Ports { get; init; }

    [Description("A command line, or {\"Entrypoint\":[..],\"Cmd\":[..]} as a text; started in every new sandbox.")]
    public string? CustomCommand { get; init; }

    [Description("A command line, or {\"type\":\"exec|httpGet|tcpSocket\",..} as a text; waited for in every new sandbox.")]
    public string? ReadyCommand { get; init; }
}

internal sealed record WireNewTemplate : WireChangeTemplate
{
    [Description("scalebox_family (default) or custom.")]
    public string? TemplateSource { get; init; }

    [Description("external or imported; needed for custom templates without base_template_id.")]
    public string? CustomImageSource { get; init; }

    public string? HarborProject { get; init; }
    public string? HarborRepository { get; init; }
    public string? HarborTag { get; init; }

    [Description("What it is made of: an id, or the name of one of the installation's own.")]
    public string? BaseTemplateId { get; init; }

    [Description("Leave out the ports of what it is made of.")]
    public bool? ResetPorts { get; init; }
}

internal sealed record WireSetDocument([property: MaxLength(65_535)] string TemplateDocument);

internal sealed record WireShareTemplate
{
    [Description("Its new name.")]
    public string? NewName { get; init; }
}

internal sealed record WireTemplateStatus
{
    [Description("pending, building, pushing, available or failed.")]
    public required string Status { get; init; }

    public string? ErrorMessage { get; init; }
    public string? PushLogs { get; init; }
    public string? HarborImageUrl { get; init; }
}

/// <summary>Templates.</summary>
[JsonSourceGenerationOptions(
    PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower,
    GenerationMode = JsonSourceGenerationMode.Metadata)]
[JsonSerializable(typeof(WireEnvelope<WireTemplate>))]
[JsonSerializable(typeof(WireEnvelope<WireTemplates>))]
[JsonSerializable(typeof(WireEnvelope<WireChangedTemplate>))]
[JsonSerializable(typeof(WireEnvelope<WireTemplateDocument>))]
[JsonSerializable(typeof(WireEnvelope<WireTemplateChain>))]
[JsonSerializable(typeof(WireEnvelope<WireTemplateShare>))]
[JsonSerializable(typeof(WireEnvelope<WireTemplateStorage>))]
[JsonSerializable(typeof(WireEnvelope<WireTemplateBuild>))]
[JsonSerializable(typeof(WireEnvelope<WireCapturedTemplate>))]
[JsonSerializable(typeof(WireCaptureTemplate))]
[JsonSerializable(typeof(WireDone))]
[JsonSerializable(typeof(WireNewTemplate))]
[JsonSerializable(typeof(WireChangeTemplate))]
[JsonSerializable(typeof(WireSetDocument))]
[JsonSerializable(typeof(WireShareTemplate))]
[JsonSerializable(typeof(WireTemplateStatus))]
internal sealed partial class TemplateJson : JsonSerializerContext;
