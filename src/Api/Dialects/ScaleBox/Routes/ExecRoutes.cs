using Atoll.Api.OpenApi;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.DependencyInjection;
using static Atoll.Api.Dialects.ScaleBox.Routes.RouteWords;

namespace Atoll.Api.Dialects.ScaleBox.Routes;

/// <summary>The one foreground command of a sandbox.</summary>
internal static class ExecRoutes
{
    public static IServiceCollection AddExec(this IServiceCollection services) => services
        .AddSingleton<ScaleBoxExec>()
        .AddSingleton<ScaleBoxExecStream>();

    public static void MapExec(this IEndpointRouteBuilder app)
    {
        var exec = app.ServiceProvider.GetRequiredService<ScaleBoxExec>();
        var stream = app.ServiceProvider.GetRequiredService<ScaleBoxExecStream>();
        app.MapPost(Box + "/exec", exec.StartAsync).Takes<WireExec>()
            .Says<WireExecStarted>(201, "Start its one foreground command, of at most 512 KiB. No envelope.").Fails(400, 404, 409, 413, 503);
        app.MapGet(Box + "/exec/stream", stream.StreamAsync).TakesToken().With(ScaleBoxParameters.Stream)
            .Says<string>(200, "Follow the output: events ready, start, stdout, stderr, dropped, keepalive, end, error.", "text/event-stream").Fails(404, 409, 503);
        app.MapMethods(Box + "/exec/active", Read, exec.ActiveAsync).Says<WireExecActive>(200, "Whether a command runs. No envelope.").Fails(404, 409, 503);
        app.MapDelete(Box + "/exec", exec.CancelAsync)
            .Says<WireExecCancelled>(200, "Kill the command and what it started, also in sessions of its own; false when none ran. No envelope.").Fails(404, 409, 503);
    }
}
