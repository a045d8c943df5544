using Microsoft.AspNetCore.Routing;

namespace Atoll.Api.Dialects.ScaleBox.Routes;

/// <summary>Usage and quotas.</summary>
internal static class UsageRoutes
{
    public static void MapUsage(this IEndpointRouteBuilder app)
    {
        app.NotBuilt("/v1/usage/{**rest}", "GET", "POST");
    }
}
