using Atoll.Api.OpenApi;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.DependencyInjection;
using static Atoll.Api.Dialects.ScaleBox.Routes.RouteWords;

namespace Atoll.Api.Dialects.ScaleBox.Routes;

/// <summary>API keys.</summary>
internal static class KeyRoutes
{
    private const string Key = "/v1/api-keys/{" + ScaleBoxKeys.IdParameter + "}";

    public static IServiceCollection AddKeys(this IServiceCollection services) => services
        .AddSingleton<ScaleBoxKeys>();

    public static void MapKeys(this IEndpointRouteBuilder app)
    {
        var keys = app.ServiceProvider.GetRequiredService<ScaleBoxKeys>();
        app.MapPost("/v1/api-keys", keys.CreateAsync).Takes<WireCreateApiKey>()
            .Says<WireEnvelope<WireApiKey>>(201, "Make a key; only this reply holds the secret.").Fails(400, 409, 413, 503);
        app.MapMethods("/v1/api-keys", Read, keys.ListAsync).With(ScaleBoxParameters.Keys)
            .Says<WireEnvelope<WireApiKeys>>(200, "List your keys.").Fails(400);
        app.MapMethods(Key, Read, keys.GetAsync).Says<WireEnvelope<WireApiKey>>(200, "One key.").Fails(404);
        app.MapPut(Key, keys.UpdateAsync).Takes<WireUpdateApiKey>().Says<WireEnvelope<WireApiKey>>(200, "Rename or describe it.").Fails(400, 404, 409, 413);
        app.MapPut(Key + "/status", keys.SetStatusAsync).Takes<WireApiKeyStatus>()
            .Says<WireEnvelope<WireApiKey>>(200, "Enable or disable it.").Fails(400, 404, 413, 503);
        app.MapDelete(Key, keys.DeleteAsync).Says<WireEnvelope<WireDeletedKey>>(200, "Delete it.").Fails(404);
    }
}
