using System.Text.Json;
using System.Text.Json.Serialization;
using System.Text.Json.Serialization.Metadata;
using Atoll.Api.DataPlane;
using Atoll.Api.DataPlane.Connect;
using Atoll.Api.DataPlane.Transfer;
using Atoll.Api.Dialects.E2b;
using Atoll.Api.Dialects.ScaleBox;
using Atoll.Api.Edge;
using Atoll.Api.Edge.Proxy;
using Atoll.Api.Edge.RawTcp;
using Atoll.Api.Http;
using Atoll.Api.OpenApi;
using Atoll.Api.Tenancy;
using Atoll.Domain.Sandboxes;
using Microsoft.AspNetCore.Builder;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;

namespace Atoll.Api;

/// <summary>
/// Puts the HTTP layer into a host. Needs the ports of Domain registered: ISandboxes, ISandboxAgents, IExecutions, ICodeInterpreter, IApiKeys,
/// IAccessTokens, ISandboxOwners, IRequestMemory, ISandboxMetrics, ITemplates and INode.
/// </summary>
public static class AtollApi
{
    public static IServiceCollection AddAtollApi(this IServiceCollection services, ApiOptions options)
    {
        services.TryAddSingleton(TimeProvider.System);
        services.AddSingleton(options);
        services.AddSingleton<IFaultRenderer, EdgeFaults>();
        services.AddSingleton<ISignedRequests, SignedRequests>();
        services.AddSingleton<RateLimits>();
        services.AddSingleton<TargetFinder>();
        services.AddE2b();
        services.AddScaleBox();
        services.AddSingleton<SandboxHosts>();
        services.AddSingleton<AuthorityRoute>();
        services.AddSingleton<IDataPlaneRoutes>(all => all.GetRequiredService<AuthorityRoute>());
        services.AddSingleton<DataPlanePipeline>();
        services.AddSingleton<ProgramAccess>();
        services.AddSingleton(all => new RawTcpEdge(
            all.GetRequiredService<SandboxHosts>(), all.GetRequiredService<ISandboxAgents>(), all.GetRequiredService<ProgramAccess>(),
            all.GetRequiredService<TimeProvider>()));
        services.AddSingleton<ProxyClients>();
        services.AddSingleton<SandboxProxy>();
        services.AddConnect();
        services.AddTransfers();
        services.AddSingleton<IFaultRenderer>(all => all.GetRequiredService<ScaleBoxFaults>());
        services.ConfigureHttpJsonOptions(json =>
        {
            // Only the OpenAPI document reads these; handlers name their JSON type explicitly.
            foreach (IJsonTypeInfoResolver noun in ScaleBoxJson.Nouns.Reverse())
            {
                json.SerializerOptions.TypeInfoResolverChain.Insert(0, noun);
            }

            json.SerializerOptions.PropertyNamingPolicy = JsonNamingPolicy.SnakeCaseLower;
            json.SerializerOptions.NumberHandling = JsonNumberHandling.Strict;
        });
        services.AddApiDescription();
        return services;
    }

    /// <summary>The pipeline, outermost first: id and access log, the audit log, faults, the edge (sandbox or control plane), routing, who asks, how often, what its role allows, whether it was done before, faults that are answers to remember, the dialects' routes.</summary>
    public static WebApplication UseAtollApi(this WebApplication app)
    {
        app.UseMiddleware<RequestTrace>();
        app.UseMiddleware<Auditing>();
        app.UseMiddleware<FaultBoundary>();
        app.UseMiddleware<EdgeRouting>();
        app.UseRouting();
        app.UseMiddleware<Authentication>();
        app.UseMiddleware<RateLimiting>();
        app.UseMiddleware<Roles>();
        app.UseMiddleware<Http.Idempotency>();
        app.UseMiddleware<FaultBoundary>();
        app.MapScaleBox();
        app.MapE2b();
        app.Services.GetRequiredService<AuthorityRoute>().Map(app);
        app.MapOpenApi("/openapi.json").WithMetadata(new PublicRoute());
        return app;
    }
}
