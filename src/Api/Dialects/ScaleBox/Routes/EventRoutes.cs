using Atoll.Api.OpenApi;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.DependencyInjection;
using static Atoll.Api.Dialects.ScaleBox.Routes.RouteWords;

namespace Atoll.Api.Dialects.ScaleBox.Routes;

/// <summary>What happened. Not in the contract, which knows events only as what webhooks deliver.</summary>
internal static class EventRoutes
{
    public static IServiceCollection AddEvents(this IServiceCollection services) => services
        .AddSingleton<ScaleBoxEvents>()
        .AddSingleton<ScaleBoxEventStream>();

    public static void MapEvents(this IEndpointRouteBuilder app)
    {
        var events = app.ServiceProvider.GetRequiredService<ScaleBoxEvents>();
        var stream = app.ServiceProvider.GetRequiredService<ScaleBoxEventStream>();
        app.MapMethods("/v1/events", Read, events.ListAsync).With(ScaleBoxEventParameters.List)
            .Says<WireEnvelope<WireEvents>>(200, "What happened to your things; to admins and the root user, to everybody's. Also to what is gone.").Fails(400, 404);
        app.MapMethods(Box + "/events", Read, events.ListOfSandboxAsync).With(ScaleBoxEventParameters.OfSandbox)
            .Says<WireEnvelope<WireEvents>>(200, "What happened to one sandbox, also when its record is gone.").Fails(400, 404);
        app.MapGet("/v1/events/stream", stream.StreamAsync).With(ScaleBoxEventParameters.Stream)
            .Says<string>(200, "Follow events: ready, then each under its type and with its sequence as id; dropped, keepalive, error.", "text/event-stream")
            .Fails(400, 404, 429);
    }
}
