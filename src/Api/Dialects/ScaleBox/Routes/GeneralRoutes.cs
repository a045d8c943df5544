using Atoll.Api.OpenApi;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.DependencyInjection;
using static Atoll.Api.Dialects.ScaleBox.Routes.RouteWords;

namespace Atoll.Api.Dialects.ScaleBox.Routes;

/// <summary>Health, regions and who the caller is.</summary>
internal static class GeneralRoutes
{
    public static IServiceCollection AddGeneral(this IServiceCollection services) => services
        .AddSingleton<ScaleBoxUsers>();

    public static void MapGeneral(this IEndpointRouteBuilder app)
    {
        var users = app.ServiceProvider.GetRequiredService<ScaleBoxUsers>();
        app.MapMethods("/health", Read, users.HealthAsync).Public().Says<WireHealth>(200, "The server is up.");
        app.MapMethods("/v1/scalebox-regions", Read, users.RegionsAsync).Public().Says<WireEnvelope<WireRegions>>(200, "Regions with capacity.");
        app.MapMethods("/v1/users/me", Read, users.MeAsync).Says<WireEnvelope<WireUser>>(200, "The owner of the API key.");
    }
}
