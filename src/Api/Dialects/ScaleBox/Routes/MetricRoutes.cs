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
            .Says<WireEnvelope<WireMetrics>>(200, "What it used from start to end, oldest first, in bytes: every 5 s of the last hour, every minute of the last day.").Fails(400, 404);
        app.MapMethods(Box + "/metrics/chart", Read, metrics.ChartAsync).With(ScaleBoxParameters.Metrics)
            .Says<WireEnvelope<WireChart>>(200, "The same as series in percent, with statistics, trend and colours.").Fails(400, 404);
        app.MapMethods("/v1/sandboxes/stats", Read, metrics.Stats)
            .Says<WireEnvelope<WireSandboxStats>>(200, "Your sandboxes in numbers.");
    }
}
