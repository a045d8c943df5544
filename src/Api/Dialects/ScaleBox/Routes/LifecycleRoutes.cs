using Atoll.Api.Http;
using Atoll.Api.OpenApi;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.DependencyInjection;
using static Atoll.Api.Dialects.ScaleBox.Routes.RouteWords;

namespace Atoll.Api.Dialects.ScaleBox.Routes;

/// <summary>What can be done to sandboxes between their start and their end, one by one and many at once.</summary>
internal static class LifecycleRoutes
{
    public static IServiceCollection AddLifecycle(this IServiceCollection services) => services
        .AddSingleton<ScaleBoxLifecycle>()
        .AddSingleton<ScaleBoxBatches>();

    public static void MapLifecycle(this IEndpointRouteBuilder app)
    {
        var lifecycle = app.ServiceProvider.GetRequiredService<ScaleBoxLifecycle>();
        app.MapPost(Box + "/pause", lifecycle.PauseAsync).Takes<WirePause>(optional: true)
            .Says<WireEnvelope<WireSandbox>>(200, "Write its memory, processes and disk to the server's disk and free all else; waits unless is_async.")
            .Fails(400, 404, 409, 413, 503);
        app.MapPost(Box + "/resume", lifecycle.ResumeAsync).Takes<WireResume>(optional: true)
            .Says<WireEnvelope<WireResumedSandbox>>(200, "Bring it back from a pause as it was; waits unless is_async.").Fails(400, 404, 409, 413, 429, 503);
        app.MapPost(Box + "/connect", lifecycle.ConnectAsync).Takes<WireConnect>(optional: true)
            .Says<WireEnvelope<WireSandbox>>(200, "Use it again: one that is paused is resumed; a longer timeout is taken over.").Fails(400, 404, 409, 413, 429, 503);
        app.MapPost(Box + "/fork", lifecycle.ForkAsync).Creates().Takes<WireFork>(optional: true)
            .Says<WireEnvelope<WireForks>>(201, "Copy it, running or paused, with memory and disk of one instant; it goes on itself.")
            .Fails(400, 404, 409, 413, 429, 503);
        app.MapBatches();

        // Left over from older versions of the contract; terminate, connect, exec and timeout do what they did.
        app.NotBuilt(Box + "/start", "POST");
        app.NotBuilt(Box + "/stop", "POST");
        app.NotBuilt(Box + "/deploy", "POST");
        app.NotBuilt(Box + "/refreshes", "POST");
        app.NotBuilt(Box + "/logs", "GET");
    }

    private static void MapBatches(this IEndpointRouteBuilder app)
    {
        var batches = app.ServiceProvider.GetRequiredService<ScaleBoxBatches>();
        app.MapPost("/v1/sandboxes/batch-delete", batches.DeleteAsync).MakesRoom().Takes<WireBatch>()
            .Says<WireEnvelope<WireBatchResults>>(202, "End up to 100 and remove their records.").Fails(400, 413);
        app.MapPost("/v1/sandboxes/batch-terminate", batches.TerminateAsync).MakesRoom().Takes<WireBatch>()
            .Says<WireEnvelope<WireBatchResults>>(202, "End up to 100 and keep their records.").Fails(400, 413);
        app.MapPost("/v1/sandboxes/batch-pause", batches.PauseAsync).Takes<WireBatch>()
            .Says<WireEnvelope<WireBatchResults>>(202, "Pause up to 100; what takes long is told as pausing.").Fails(400, 413);
        app.MapPost("/v1/sandboxes/batch-resume", batches.ResumeAsync).Takes<WireBatch>()
            .Says<WireEnvelope<WireBatchResults>>(202, "Resume up to 100; what takes long is told as resuming.").Fails(400, 413);
    }
}
