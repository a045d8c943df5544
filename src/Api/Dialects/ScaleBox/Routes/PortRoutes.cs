using Atoll.Api.OpenApi;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.DependencyInjection;
using static Atoll.Api.Dialects.ScaleBox.Routes.RouteWords;

namespace Atoll.Api.Dialects.ScaleBox.Routes;

/// <summary>The named ports of a sandbox.</summary>
internal static class PortRoutes
{
    public static IServiceCollection AddPorts(this IServiceCollection services) => services
        .AddSingleton<ScaleBoxPorts>();

    public static void MapPorts(this IEndpointRouteBuilder app)
    {
        var ports = app.ServiceProvider.GetRequiredService<ScaleBoxPorts>();
        app.MapMethods(Box + "/ports", Read, ports.ListAsync).Says<WireEnvelope<WirePorts>>(200, "Its ports that have names.").Fails(404);
        app.MapPost(Box + "/ports", ports.AddAsync).Takes<WireNewPort>()
            .Says<WireEnvelope<WireAddedPort>>(200, "Name a port; the reply is the sandbox with the port's fields beside its own.").Fails(400, 404, 409, 413);
        app.MapDelete(Box + "/ports/{" + ScaleBoxPorts.PortParameter + "}", ports.RemoveAsync)
            .Says<WireEnvelope<WireSandbox>>(200, "Take the name off a port again; not off those of the template.").Fails(400, 403, 404, 409);
    }
}
