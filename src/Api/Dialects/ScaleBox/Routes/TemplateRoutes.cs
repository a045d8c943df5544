using Microsoft.AspNetCore.Routing;
using static Atoll.Api.Dialects.ScaleBox.Routes.RouteWords;

namespace Atoll.Api.Dialects.ScaleBox.Routes;

/// <summary>Templates and their imports.</summary>
internal static class TemplateRoutes
{
    public static void MapTemplates(this IEndpointRouteBuilder app)
    {
        app.NotBuilt(Box + "/create-template", "POST");
        app.NotBuilt("/v1/templates/{**rest}", "GET", "POST", "PUT", "DELETE");
        app.NotBuilt("/v1/import-jobs/{**rest}", "GET", "DELETE");
    }
}
