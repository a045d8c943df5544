using System.Text.Json.Serialization;
using Atoll.Sdk.Http;

namespace Atoll.Sdk;

/// <summary>Makes, finds and deletes projects, and moves sandboxes between them (contracts/scalebox.md 1.6).</summary>
public sealed class ProjectsClient
{
    private readonly Transport _transport;

    internal ProjectsClient(Transport transport) => _transport = transport;

    /// <summary>One page of the caller's projects, the default one first.</summary>
    /// <param name="query">Which page.</param>
    /// <param name="search">Only those whose name holds this.</param>
    /// <param name="cancellation">Gives up.</param>
    public Task<ProjectPage> ListAsync(PageQuery? query = null, string? search = null, CancellationToken cancellation = default) =>
        _transport.SendAsync(
            ApiRequest.Get("v1/projects" + (query ?? new PageQuery()).Render(("search", search))), SdkJson.Default.ProjectPage, cancellation);

    /// <summary>One project.</summary>
    public Task<Project> GetAsync(string projectId, CancellationToken cancellation = default) =>
        _transport.SendAsync(ApiRequest.Get(PathOf(projectId)), SdkJson.Default.Project, cancellation);

    /// <summary>Makes a project.</summary>
    /// <exception cref="ConflictException">The name is taken.</exception>
    public Task<Project> CreateAsync(string name, string? description = null, CancellationToken cancellation = default) =>
        _transport.SendAsync(
            ApiRequest.Post("v1/projects", new ProjectChange(name, description), SdkJson.Default.ProjectChange), SdkJson.Default.Project, cancellation);

    /// <summary>Changes what is not null.</summary>
    public Task<Project> UpdateAsync(string projectId, string? name = null, string? description = null, CancellationToken cancellation = default) =>
        _transport.SendAsync(
            ApiRequest.Put(PathOf(projectId), new ProjectChange(name, description), SdkJson.Default.ProjectChange), SdkJson.Default.Project, cancellation);

    /// <summary>Deletes a project.</summary>
    /// <exception cref="ConflictException">It has sandboxes, or is the default one.</exception>
    public Task DeleteAsync(string projectId, CancellationToken cancellation = default) =>
        _transport.SendAsync(ApiRequest.Delete(PathOf(projectId)), cancellation);

    /// <summary>One page of a project's sandboxes.</summary>
    public Task<ProjectSandboxPage> SandboxesAsync(string projectId, PageQuery? query = null, CancellationToken cancellation = default) =>
        _transport.SendAsync(
            ApiRequest.Get($"{PathOf(projectId)}/sandboxes{(query ?? new PageQuery()).Render()}"), SdkJson.Default.ProjectSandboxPage, cancellation);

    /// <summary>Puts a running sandbox into a project.</summary>
    public Task<ProjectMove> AddAsync(string projectId, string sandboxId, CancellationToken cancellation = default) =>
        MoveAsync(projectId, sandboxId, "add", cancellation);

    /// <summary>Puts a running sandbox of a project into the default one.</summary>
    public Task<ProjectMove> EvictAsync(string projectId, string sandboxId, CancellationToken cancellation = default) =>
        MoveAsync(projectId, sandboxId, "evict", cancellation);

    private Task<ProjectMove> MoveAsync(string projectId, string sandboxId, string verb, CancellationToken cancellation) =>
        _transport.SendAsync(
            new ApiRequest(HttpMethod.Post, $"{PathOf(projectId)}/sandboxes/{ApiRequest.Segment(sandboxId)}/{verb}"),
            SdkJson.Default.ProjectMove, cancellation);

    private static string PathOf(string projectId) => $"v1/projects/{ApiRequest.Segment(projectId)}";
}

/// <summary>A named group of sandboxes.</summary>
public sealed record Project : ServerRecord
{
    /// <summary><c>prj-</c> and an id.</summary>
    public required string ProjectId { get; init; }

    /// <summary>2 to 100 characters.</summary>
    public required string Name { get; init; }

    /// <summary>What it is for.</summary>
    public string? Description { get; init; }

    /// <summary>Whether sandboxes are in it when nobody says otherwise.</summary>
    public bool IsDefault { get; init; }

    /// <summary>Its sandboxes that are not over.</summary>
    public int SandboxCount { get; init; }

    /// <summary>When it was made.</summary>
    public DateTimeOffset? CreatedAt { get; init; }
}

/// <summary>One page of projects.</summary>
public sealed record ProjectPage : Page<Project>
{
    /// <summary>The projects.</summary>
    public required List<Project> Projects { get; init; }

    /// <inheritdoc/>
    [JsonIgnore]
    public override List<Project> Items => Projects;
}

/// <summary>A sandbox as its project lists it.</summary>
public sealed record ProjectSandbox : ServerRecord
{
    /// <summary>The sandbox's id.</summary>
    public required string Id { get; init; }

    /// <summary>Its name.</summary>
    public string? Name { get; init; }

    /// <summary>Its status.</summary>
    public string? Status { get; init; }

    /// <summary>The name of its template.</summary>
    public string? TemplateName { get; init; }

    /// <summary>When it was made.</summary>
    public DateTimeOffset? CreatedAt { get; init; }
}

/// <summary>One page of a project's sandboxes.</summary>
public sealed record ProjectSandboxPage : Page<ProjectSandbox>
{
    /// <summary>The sandboxes.</summary>
    public required List<ProjectSandbox> Sandboxes { get; init; }

    /// <inheritdoc/>
    [JsonIgnore]
    public override List<ProjectSandbox> Items => Sandboxes;
}

/// <summary>Where a sandbox went.</summary>
public sealed record ProjectMove : ServerRecord
{
    /// <summary>The sandbox.</summary>
    public string? SandboxId { get; init; }

    /// <summary>The project that it is in now.</summary>
    public string? ProjectId { get; init; }

    /// <summary>Its name.</summary>
    public string? ProjectName { get; init; }

    /// <summary>added_to_project or evicted_to_default_project.</summary>
    public string? Action { get; init; }

    /// <summary>Where it was before.</summary>
    public string? PreviousProject { get; init; }
}

internal sealed record ProjectChange(string? Name, string? Description);
