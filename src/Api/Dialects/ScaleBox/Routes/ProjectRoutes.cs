using Microsoft.AspNetCore.Routing;

namespace Atoll.Api.Dialects.ScaleBox.Routes;

/// <summary>Projects.</summary>
internal static class ProjectRoutes
{
    public static void MapProjects(this IEndpointRouteBuilder app)
    {
        app.NotBuilt("/v1/projects/{**rest}", "GET", "POST", "PUT", "DELETE");
    }
}
