using Atoll.Api.OpenApi;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.DependencyInjection;
using static Atoll.Api.Dialects.ScaleBox.Routes.RouteWords;

namespace Atoll.Api.Dialects.ScaleBox.Routes;

/// <summary>What sandboxes used; what they may is with <see cref="QuotaRoutes"/>.</summary>
internal static class UsageRoutes
{
    public static IServiceCollection AddUsage(this IServiceCollection services) => services
        .AddSingleton<ScaleBoxUsage>();

    public static void MapUsage(this IEndpointRouteBuilder app)
    {
        var usage = app.ServiceProvider.GetRequiredService<ScaleBoxUsage>();
        app.MapMethods("/v1/usage/summary", Read, usage.SummaryAsync).With(ScaleBoxUsage.Span)
            .Says<WireEnvelope<WireUsageSummary>>(200, "Totals of your sandboxes' running phases; to admins and the root user, of everybody's.").Fails(400, 404);
        app.MapMethods("/v1/usage/analytics", Read, usage.AnalyticsAsync).With(ScaleBoxUsage.Analytics)
            .Says<WireEnvelope<WireUsageAnalytics>>(200, "The same by day or hour of UTC, by template or by project.").Fails(400, 404);
        app.MapMethods("/v1/usage/sessions", Read, usage.SessionsAsync).With(ScaleBoxUsage.Sessions)
            .Says<WireEnvelope<WireUsageSessions>>(200, "Running phases that began in the span, newest first; also of sandboxes that are gone.").Fails(400, 404);
        app.MapMethods("/v1/usage/events", Read, usage.EventsAsync).With(ScaleBoxUsage.Events)
            .Says<WireEnvelope<WireUsageEvents>>(200, "What began and ended running phases in the span, newest first.").Fails(400, 404);
    }
}
