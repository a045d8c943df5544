using Atoll.Api.OpenApi;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.DependencyInjection;
using static Atoll.Api.Dialects.ScaleBox.Routes.RouteWords;

namespace Atoll.Api.Dialects.ScaleBox.Routes;

/// <summary>Projects.</summary>
internal static class ProjectRoutes
{
    private const string Projects = "/v1/projects";
    private const string Project = Projects + "/{" + ScaleBoxProjects.IdParameter + "}";
    private const string Member = Project + "/sandboxes/{" + ScaleBoxMapping.IdParameter + "}";

    public static IServiceCollection AddProjects(this IServiceCollection services) => services
        .AddSingleton<ScaleBoxProjects>();

    public static void MapProjects(this IEndpointRouteBuilder app)
    {
        var projects = app.ServiceProvider.GetRequiredService<ScaleBoxProjects>();
        app.MapPost(Projects, projects.CreateAsync).Takes<WireCreateProject>()
            .Says<WireEnvelope<WireProject>>(201, "Make a project.").Fails(400, 409, 413, 429);
        app.MapMethods(Projects, Read, projects.ListAsync).With(ScaleBoxParameters.Projects)
            .Says<WireEnvelope<WireProjects>>(200, "List your projects, the default one first.").Fails(400);
        app.MapMethods(Project, Read, projects.GetAsync).Says<WireEnvelope<WireProject>>(200, "One project.").Fails(404);
        app.MapPut(Project, projects.UpdateAsync).Takes<WireUpdateProject>()
            .Says<WireEnvelope<WireProject>>(200, "Rename or describe it.").Fails(400, 404, 409, 413);
        app.MapDelete(Project, projects.DeleteAsync)
            .Says<WireEnvelope<WireDeletedProject>>(200, "Delete it: only when it has no sandboxes, and never the default one.").Fails(404, 409);
        app.MapMethods(Project + "/sandboxes", Read, projects.SandboxesAsync).With(ScaleBoxParameters.List)
            .Says<WireEnvelope<WireProjectSandboxes>>(200, "Its sandboxes.").Fails(400, 404);
        app.MapPost(Member + "/add", projects.AddAsync)
            .Says<WireEnvelope<WireProjectMove>>(200, "Put a running sandbox into it.").Fails(404, 409);
        app.MapPost(Member + "/evict", projects.EvictAsync)
            .Says<WireEnvelope<WireProjectMove>>(200, "Put a running sandbox of it into the default project.").Fails(404, 409);
        app.MapPost(Box + "/switch-project", projects.SwitchAsync).Takes<WireSwitchProject>()
            .Says<WireEnvelope<WireSandbox>>(200, "Put a sandbox that is not over into another project.").Fails(400, 404, 409, 413);
    }
}
