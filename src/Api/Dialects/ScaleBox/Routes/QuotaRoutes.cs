using Atoll.Api.OpenApi;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.DependencyInjection;
using static Atoll.Api.Dialects.ScaleBox.Routes.RouteWords;

namespace Atoll.Api.Dialects.ScaleBox.Routes;

/// <summary>Quotas: everybody reads and asks, who manages others grants.</summary>
internal static class QuotaRoutes
{
    private const string Allocations = "/v1/user-management/quota-allocations";
    private const string Requests = "/v1/user-management/quota-requests";
    private const string One = Requests + "/{" + ScaleBoxQuotas.IdParameter + "}";

    public static IServiceCollection AddQuotas(this IServiceCollection services) => services
        .AddSingleton<ScaleBoxQuotas>();

    public static void MapQuotas(this IEndpointRouteBuilder app)
    {
        var quotas = app.ServiceProvider.GetRequiredService<ScaleBoxQuotas>();
        app.MapMethods("/v1/usage/quotas", Read, quotas.GetAsync).With(ScaleBoxParameters.Quota)
            .Says<WireEnvelope<WireQuota>>(200, "Your quota or that of a project of yours, and what is used of it.").Fails(404);
        app.MapMethods(Allocations, Read, quotas.ListAsync).ForAdmins()
            .Says<WireEnvelope<WireQuotas>>(200, "The quotas that differ from the default.").Fails(403);
        app.MapMethods(Allocations, [HttpMethods.Post, HttpMethods.Put], quotas.SetAsync).ForAdmins().Takes<WireSetQuota>()
            .Says<WireEnvelope<WireQuota>>(200, "Give a quota to a user or a project; without numbers the default holds again.").Fails(400, 403, 404, 413);
        foreach (string path in new[] { Requests, "/v1/usage/quota-requests" })
        {
            app.MapPost(path, quotas.RequestAsync).Takes<WireAskQuota>()
                .Says<WireEnvelope<WireQuotaRequest>>(201, "Ask for a larger quota.").Fails(400, 404, 413, 429);
            app.MapMethods(path, Read, quotas.RequestsAsync).With(ScaleBoxParameters.QuotaRequests)
                .Says<WireEnvelope<WireQuotaRequests>>(200, "Your requests, newest first.").Fails(400, 403);
        }

        app.MapPost(One + "/approve", quotas.GrantAsync).ForAdmins().Takes<WireDecideQuota>(optional: true)
            .Says<WireEnvelope<WireQuotaRequest>>(200, "Grant a request.").Fails(403, 404, 409, 413);
        app.MapPost(One + "/reject", quotas.RefuseAsync).ForAdmins().Takes<WireDecideQuota>(optional: true)
            .Says<WireEnvelope<WireQuotaRequest>>(200, "Refuse a request.").Fails(403, 404, 409, 413);
    }
}
