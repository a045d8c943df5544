using Atoll.Api.OpenApi;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.DependencyInjection;
using static Atoll.Api.Dialects.ScaleBox.Routes.RouteWords;

namespace Atoll.Api.Dialects.ScaleBox.Routes;

/// <summary>Snapshots, from which sandboxes are created.</summary>
internal static class SnapshotRoutes
{
    private const string Snapshot = "/v1/snapshots/{" + ScaleBoxSnapshots.IdParameter + "}";

    public static IServiceCollection AddSnapshots(this IServiceCollection services) => services
        .AddSingleton<ScaleBoxSnapshots>();

    public static void MapSnapshots(this IEndpointRouteBuilder app)
    {
        var snapshots = app.ServiceProvider.GetRequiredService<ScaleBoxSnapshots>();
        app.MapPost(Box + "/snapshots", snapshots.TakeAsync).Takes<WireNewSnapshot>(optional: true)
            .Says<WireEnvelope<WireSnapshot>>(201, "Take a snapshot of it, running or paused; it goes on.").Fails(400, 404, 409, 413, 429, 503);
        app.MapMethods("/v1/snapshots", Read, snapshots.ListAsync).With(ScaleBoxParameters.Snapshots)
            .Says<WireEnvelope<WireSnapshots>>(200, "List your snapshots, newest first.").Fails(400);
        app.MapMethods(Snapshot, Read, snapshots.GetAsync).Says<WireEnvelope<WireSnapshot>>(200, "One snapshot.").Fails(404);
        app.MapDelete(Snapshot, snapshots.DeleteAsync)
            .Says<WireEnvelope<WireDeletedSnapshot>>(200, "Remove it; sandboxes made of it stay.").Fails(404);
    }
}
