using Atoll.Api.DataPlane;
using Atoll.Api.Http;
using Atoll.Api.Tenancy;
using Atoll.Domain;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.DependencyInjection;

namespace Atoll.Api.Dialects.E2b;

/// <summary>
/// The control plane of the E2B API (contracts/e2b.md 1): every route of it, one line each, and how far it is supported.
/// Routes under "not built" answer 501, so that a client is told rather than guessing. Its own description is E2B's; the
/// OpenAPI document here leaves it out.
/// </summary>
internal static class E2bDialect
{
    private const string Boxes = "/sandboxes";
    private const string BoxesV2 = "/v2/sandboxes";
    private const string Box = Boxes + "/{" + E2bMapping.IdParameter + "}";
    private const string BoxV2 = BoxesV2 + "/{" + E2bMapping.IdParameter + "}";

    /// <summary>Everything at and below these paths is this dialect's, also what does not exist.</summary>
    private static readonly PathString[] Roots =
    [
        Boxes, BoxesV2, "/snapshots", "/templates", "/v2/templates", "/v3/templates", "/volumes", "/secrets", "/api-keys",
        "/access-tokens", "/teams", "/nodes", "/admin",
    ];

    public static void AddE2b(this IServiceCollection services) => services
        .AddSingleton<E2bMapping>()
        .AddSingleton<E2bFaults>()
        .AddSingleton<IFaultRenderer>(all => all.GetRequiredService<E2bFaults>())
        .AddSingleton<E2bCodeFaults>()
        .AddSingleton<IFaultRenderer>(all => all.GetRequiredService<E2bCodeFaults>())
        .AddSingleton<IDataPlaneRoutes, E2bCode>()
        .AddSingleton<E2bSandboxes>()
        .AddSingleton<E2bLifecycle>()
        .AddSingleton<E2bSnapshots>()
        .AddSingleton<E2bSandboxList>()
        .AddSingleton<E2bMetrics>();

    public static bool Owns(PathString path) => Array.Exists(Roots, root => path.StartsWithSegments(root));

    public static void MapE2b(this IEndpointRouteBuilder app)
    {
        IEndpointRouteBuilder routes = app.MapGroup("")
            .WithMetadata(app.ServiceProvider.GetRequiredService<E2bFaults>())
            .ExcludeFromDescription();
        MapSandboxes(routes, app.ServiceProvider.GetRequiredService<E2bSandboxes>());
        MapLifecycle(routes, app.ServiceProvider.GetRequiredService<E2bLifecycle>());
        MapSnapshots(routes, app.ServiceProvider.GetRequiredService<E2bSnapshots>());
        MapLists(routes, app.ServiceProvider.GetRequiredService<E2bSandboxList>());
        MapMetrics(routes, app.ServiceProvider.GetRequiredService<E2bMetrics>());
        MapNotBuilt(routes);
        foreach (PathString root in Roots)
        {
            routes.Map(root + "/{**rest}", Task (HttpContext http) => throw new Fault(
                FaultCode.NotFound, $"no such route: {http.Request.Method} {http.Request.Path}").AsException());
        }
    }

    private static void MapSandboxes(IEndpointRouteBuilder app, E2bSandboxes boxes)
    {
        // Whole but for autoPauseMemory false, mcp, iam, volumeMounts and egress rules of network, which are refused with 501.
        app.MapPost(Boxes, boxes.CreateAsync).WithMetadata(new CreatingRoute());
        app.MapPost(BoxesV2, boxes.CreateSecureAsync).WithMetadata(new CreatingRoute());
        app.MapGet(Box, boxes.GetAsync);
        app.MapDelete(Box, boxes.KillAsync);
        app.MapPost(Box + "/timeout", boxes.SetTimeoutAsync);
        app.MapPost(Box + "/refreshes", boxes.RefreshAsync);
        // Only what changes nothing: egress cannot be changed while a sandbox runs yet.
        app.MapPut(Box + "/network", boxes.UpdateNetworkAsync);
    }

    private static void MapLifecycle(IEndpointRouteBuilder app, E2bLifecycle lifecycle)
    {
        // With memory only: memory false is refused with 501.
        app.MapPost(Box + "/pause", lifecycle.PauseAsync);
        app.MapPost(Box + "/resume", lifecycle.ResumeAsync);
        app.MapPost(Box + "/connect", lifecycle.ConnectAsync);
        app.MapPost(BoxV2 + "/connect", lifecycle.ConnectOrDefaultAsync);
        app.MapPost(Box + "/fork", lifecycle.ForkAsync).WithMetadata(new CreatingRoute());
    }

    private static void MapSnapshots(IEndpointRouteBuilder app, E2bSnapshots snapshots)
    {
        app.MapPost(Box + "/snapshots", snapshots.TakeAsync);
        app.MapGet("/snapshots", snapshots.ListAsync);
        // A snapshot is removed as a template is.
        app.MapDelete("/templates/{" + E2bSnapshots.IdParameter + "}", snapshots.DeleteAsync);
    }

    private static void MapLists(IEndpointRouteBuilder app, E2bSandboxList list)
    {
        app.MapGet(Boxes, list.RunningAsync);
        app.MapGet(BoxesV2, list.PageAsync);
    }

    private static void MapMetrics(IEndpointRouteBuilder app, E2bMetrics metrics)
    {
        // The present sample; no history is kept yet.
        app.MapGet(Boxes + "/metrics", metrics.ManyAsync);
        app.MapGet(Box + "/metrics", metrics.OneAsync);
    }

    private static void MapNotBuilt(IEndpointRouteBuilder app)
    {
        // Nothing that could be answered is kept.
        NotBuilt(app, Box + "/logs", "GET");
        NotBuilt(app, BoxV2 + "/logs", "GET");
        NotBuilt(app, "/templates/{**rest}", "GET", "POST", "PATCH", "DELETE");
        NotBuilt(app, "/v2/templates/{**rest}", "GET", "POST", "PATCH");
        NotBuilt(app, "/v3/templates/{**rest}", "POST");
        NotBuilt(app, "/volumes/{**rest}", "GET", "POST", "DELETE");
        NotBuilt(app, "/secrets/{**rest}", "GET", "POST", "DELETE");
        NotBuilt(app, "/api-keys/{**rest}", "GET", "POST", "PATCH", "DELETE");
        NotBuilt(app, "/access-tokens/{**rest}", "POST", "DELETE");
        NotBuilt(app, "/teams/{**rest}", "GET");
        NotBuilt(app, "/nodes/{**rest}", "GET", "POST");
        NotBuilt(app, "/admin/{**rest}", "GET", "POST", "DELETE");
    }

    private static void NotBuilt(IEndpointRouteBuilder app, string route, params string[] methods) => app
        .MapMethods(route, methods, Task (HttpContext http) => throw new Fault(
            FaultCode.NotImplemented, $"{http.Request.Method} {http.Request.Path} is known and not built in this version").AsException());
}
