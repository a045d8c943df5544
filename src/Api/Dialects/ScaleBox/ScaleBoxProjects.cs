using Atoll.Api.Http;
using Atoll.Api.Tenancy;
using Atoll.Domain.Sandboxes;
using Atoll.Domain.Tenancy;
using Microsoft.AspNetCore.Http;

namespace Atoll.Api.Dialects.ScaleBox;

/// <summary>Groups sandboxes into projects.</summary>
internal sealed class ScaleBoxProjects(IProjects projects, ISandboxes sandboxes, ScaleBoxMapping mapping, ScaleBoxReply reply)
{
    /// <summary>The route parameter that holds a project's id.</summary>
    public const string IdParameter = "project_id";

    public async Task<IResult> CreateAsync(HttpContext http, CancellationToken cancellation)
    {
        JsonFields body = await JsonRequest.ReadAsync(http.Request, optional: false, cancellation);
        Project made = await projects.CreateAsync(http.Caller(), body.RequiredString("name"), body.String("description") ?? "", cancellation);
        return reply.Data(mapping.Project(http.Caller(), made), "Project created successfully", StatusCodes.Status201Created);
    }

    public async Task<IResult> ListAsync(HttpContext http, CancellationToken cancellation)
    {
        Paging paging = Paging.Read(http.Request.Query, standardLimit: 50);
        ProjectPage page = await projects.ListAsync(
            http.Caller(), QueryValues.Text(http.Request.Query, "search"), paging.Offset, paging.Limit, cancellation);
        return reply.Data(new WireProjects(
            [.. page.Projects.Select(project => mapping.Project(http.Caller(), project))], ScaleBoxReply.Pagination(paging, page.Total)));
    }

    public async Task<IResult> GetAsync(HttpContext http, CancellationToken cancellation) =>
        reply.Data(mapping.Project(http.Caller(), await projects.GetAsync(http.Caller(), Id(http), cancellation)));

    public async Task<IResult> UpdateAsync(HttpContext http, CancellationToken cancellation)
    {
        JsonFields body = await JsonRequest.ReadAsync(http.Request, optional: false, cancellation);
        Project project = await projects.UpdateAsync(http.Caller(), Id(http), body.String("name"), body.String("description"), cancellation);
        return reply.Data(mapping.Project(http.Caller(), project), "Project updated successfully");
    }

    public async Task<IResult> DeleteAsync(HttpContext http, CancellationToken cancellation)
    {
        await projects.DeleteAsync(http.Caller(), Id(http), cancellation);
        return reply.Data(new WireDeletedProject(Id(http).Value), "Project deleted successfully");
    }

    public async Task<IResult> SandboxesAsync(HttpContext http, CancellationToken cancellation)
    {
        Caller caller = http.Caller();
        Project project = await projects.GetAsync(caller, Id(http), cancellation);
        (SandboxQuery query, Paging paging) = ScaleBoxRequests.List(http.Request.Query);
        SandboxPage page = await sandboxes.ListAsync(
            caller, query with { Owner = project.Owner, OfEverybody = false, Project = project.Id }, cancellation);
        return reply.Data(new WireProjectSandboxes(
            project.Id.Value, [.. page.Sandboxes.Select(ScaleBoxMapping.OfProject)], ScaleBoxReply.Pagination(paging, page.Total)));
    }

    public async Task<IResult> AddAsync(HttpContext http, CancellationToken cancellation)
    {
        ProjectMove move = await projects.MoveAsync(http.Caller(), ScaleBoxSandboxes.Id(http), Id(http), onlyRunning: true, cancellation);
        return reply.Data(mapping.Move(move, "added_to_project"), "Sandbox added to project successfully");
    }

    public async Task<IResult> EvictAsync(HttpContext http, CancellationToken cancellation)
    {
        ProjectMove move = await projects.EvictAsync(http.Caller(), ScaleBoxSandboxes.Id(http), Id(http), cancellation);
        return reply.Data(mapping.Move(move, "evicted_to_default_project"), "Sandbox evicted to the default project successfully");
    }

    public async Task<IResult> SwitchAsync(HttpContext http, CancellationToken cancellation)
    {
        JsonFields body = await JsonRequest.ReadAsync(http.Request, optional: false, cancellation);
        var to = new ProjectId(body.RequiredString("project_id"));
        ProjectMove move = await projects.MoveAsync(http.Caller(), ScaleBoxSandboxes.Id(http), to, onlyRunning: false, cancellation);
        return reply.Data(mapping.Sandbox(http.Caller(), move.Sandbox, withToken: true), "Sandbox project switched successfully");
    }

    private static ProjectId Id(HttpContext http) => new(http.Request.RouteValues[IdParameter] as string ?? "");
}
