using Atoll.Api.OpenApi;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.DependencyInjection;
using static Atoll.Api.Dialects.ScaleBox.Routes.RouteWords;

namespace Atoll.Api.Dialects.ScaleBox.Routes;

/// <summary>The audit log.</summary>
internal static class AuditRoutes
{
    public static IServiceCollection AddAudit(this IServiceCollection services) => services
        .AddSingleton<ScaleBoxAudit>();

    public static void MapAudit(this IEndpointRouteBuilder app)
    {
        var audit = app.ServiceProvider.GetRequiredService<ScaleBoxAudit>();
        app.MapMethods("/v1/audit-log", Read, audit.ListAsync).ForAdmins().With(ScaleBoxParameters.Audit)
            .Says<WireEnvelope<WireAuditLog>>(200, "Every call that may have changed something, newest first.").Fails(400, 403);
    }
}
