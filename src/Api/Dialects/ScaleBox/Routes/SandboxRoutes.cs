using Atoll.Api.Http;
using Atoll.Api.OpenApi;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.DependencyInjection;
using static Atoll.Api.Dialects.ScaleBox.Routes.RouteWords;

namespace Atoll.Api.Dialects.ScaleBox.Routes;

/// <summary>Sandboxes: create, read, list, prolong, end.</summary>
internal static class SandboxRoutes
{
    public static IServiceCollection AddSandboxes(this IServiceCollection services) => services
        .AddSingleton<ScaleBoxSandboxes>();

    public static void MapSandboxes(this IEndpointRouteBuilder app)
    {
        var boxes = app.ServiceProvider.GetRequiredService<ScaleBoxSandboxes>();
        app.MapPost("/v1/sandboxes", boxes.CreateAsync).Creates().Takes<WireCreateSandbox>(optional: true)
            .Says<WireEnvelope<WireSandbox>>(201, "Create a sandbox; waits until it runs unless is_async.").Fails(400, 409, 413, 429, 500, 501, 503);
        app.MapMethods("/v1/sandboxes", Read, boxes.ListAsync).With(ScaleBoxParameters.List)
            .Says<WireEnvelope<WireSandboxes>>(200, "List your sandboxes.").Fails(400, 403);
        app.MapMethods(Box, Read, boxes.GetAsync).Says<WireEnvelope<WireSandbox>>(200, "One sandbox.").Fails(404);
        app.MapMethods(Box + "/status", Read, boxes.StatusAsync).Says<WireEnvelope<WireSandboxStatus>>(200, "Its status only.").Fails(404);
        app.MapPut(Box, boxes.UpdateAsync).Takes<WireSetTimeout>()
            .Says<WireEnvelope<WireSandbox>>(200, "Prolong it: the timeout must be longer than the present one.").Fails(400, 404, 409, 413);
        app.MapMethods(Box + "/timeout", [HttpMethods.Post, HttpMethods.Put], boxes.TimeoutAsync).Takes<WireSetTimeout>()
            .Says<WireEnvelope<WireTimeout>>(200, "Set its timeout; at least the time used.").Fails(400, 404, 409, 413);
        app.MapDelete(Box, boxes.DeleteAsync).Says<WireEnvelope<WireEnding>>(202, "End it and remove its record.").Fails(404);
        app.MapPost(Box + "/terminate", boxes.TerminateAsync).MakesRoom().Says<WireEnvelope<WireEnding>>(200, "It is over already.")
            .Says<WireEnvelope<WireEnding>>(202, "End it and keep its record.").Fails(404);
        app.NotBuilt(Box + "/webrtc-turn-credential", "GET");
    }
}
