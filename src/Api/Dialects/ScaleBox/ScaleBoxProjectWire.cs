using System.ComponentModel;
using System.ComponentModel.DataAnnotations;
using System.Text.Json.Serialization;

namespace Atoll.Api.Dialects.ScaleBox;

internal sealed record WireProject(
    [property: Description("prj- and a ULID.")] string ProjectId,
    string Name,
    string Description,
    string OwnerUserId,
    [property: Description("Always active.")] string Status,
    bool IsDefault,
    [property: Description("Its sandboxes that are not over.")] int SandboxCount,
    DateTime CreatedAt,
    DateTime UpdatedAt,
    WireOwner Owner);

internal sealed record WireProjects(IReadOnlyList<WireProject> Projects, WirePagination Pagination);

internal sealed record WireDeletedProject(string ProjectId);

internal sealed record WireProjectSandbox(
    [property: Description("The sandbox's id.")] string Id,
    string Name,
    string Status,
    string TemplateId,
    string TemplateName,
    int CpuCount,
    int MemoryMb,
    int StorageGb,
    DateTime CreatedAt,
    DateTime? StartedAt,
    DateTime? TimeoutAt);

internal sealed record WireProjectSandboxes(string ProjectId, IReadOnlyList<WireProjectSandbox> Sandboxes, WirePagination Pagination);

internal sealed record WireProjectMove(
    string SandboxId,
    string ProjectId,
    string ProjectName,
    [property: Description("added_to_project or evicted_to_default_project.")] string Action,
    [property: Description("Id of the project that it was in before.")] string PreviousProject);

internal sealed record WireCreateProject
{
    [MinLength(2), MaxLength(100)]
    [Description("Unique among yours.")]
    public required string Name { get; init; }

    public string? Description { get; init; }
}

internal sealed record WireUpdateProject
{
    [MinLength(2), MaxLength(100)]
    public string? Name { get; init; }

    public string? Description { get; init; }
}

internal sealed record WireSwitchProject(string ProjectId);

/// <summary>Projects.</summary>
[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower, GenerationMode = JsonSourceGenerationMode.Metadata)]
[JsonSerializable(typeof(WireEnvelope<WireProject>))]
[JsonSerializable(typeof(WireEnvelope<WireProjects>))]
[JsonSerializable(typeof(WireEnvelope<WireDeletedProject>))]
[JsonSerializable(typeof(WireEnvelope<WireProjectSandboxes>))]
[JsonSerializable(typeof(WireEnvelope<WireProjectMove>))]
[JsonSerializable(typeof(WireCreateProject))]
[JsonSerializable(typeof(WireUpdateProject))]
[JsonSerializable(typeof(WireSwitchProject))]
internal sealed partial class ProjectJson : JsonSerializerContext;
