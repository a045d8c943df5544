using Atoll.Api.OpenApi;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.DependencyInjection;
using static Atoll.Api.Dialects.ScaleBox.Routes.RouteWords;

namespace Atoll.Api.Dialects.ScaleBox.Routes;

/// <summary>What sandboxes use, and how many there are.</summary>
internal static class MetricRoutes
{
    public static IServiceCollection AddSandboxMetrics(this IServiceCollection services) => services
        .AddSingleton<ScaleBoxMetrics>();

    public static void MapSandboxMetrics(this IEndpointRouteBuilder app)
    {
        var metrics = app.ServiceProvider.GetRequiredService<ScaleBoxMetrics>();
        app.MapMethods(Box + "/metrics", Read, metrics.GetAsync).With(ScaleBoxParameters.Metrics)
            .Says<WireEnvelope<WireMetrics>>(200, "What it uses at present, in bytes; no history is kept.").Fails(400, 404);
        app.NotBuilt(Box + "/metrics/chart", "GET");
        app.NotBuilt("/v1/sandboxes/stats", "GET");
    }
}
