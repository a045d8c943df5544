using Atoll.Api.OpenApi;
using Atoll.Domain.Webhooks;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.DependencyInjection;
using static Atoll.Api.Dialects.ScaleBox.Routes.RouteWords;

namespace Atoll.Api.Dialects.ScaleBox.Routes;

/// <summary>Webhooks. Tests, repeated deliveries and new secrets are not in the contract.</summary>
internal static class WebhookRoutes
{
    private const string All = "/v1/webhooks";
    private const string One = All + "/{" + ScaleBoxWebhooks.IdParameter + "}";

    public static IServiceCollection AddWebhooks(this IServiceCollection services) => services
        .AddSingleton<ScaleBoxWebhooks>()
        .AddSingleton<IWebhookBodies, ScaleBoxWebhookBodies>();

    public static void MapWebhooks(this IEndpointRouteBuilder app)
    {
        var webhooks = app.ServiceProvider.GetRequiredService<ScaleBoxWebhooks>();
        app.MapPost(All, webhooks.CreateAsync).Takes<WireNewWebhook>()
            .Says<WireEnvelope<WireWebhook>>(201, "Have events delivered to an address; only this reply holds the secret.").Fails(400, 403, 413, 503);
        app.MapMethods(All, Read, webhooks.ListAsync).With(ScaleBoxEventParameters.Pages)
            .Says<WireEnvelope<WireWebhooks>>(200, "List your webhooks.").Fails(400);
        app.MapMethods(One, Read, webhooks.GetAsync).Says<WireEnvelope<WireWebhook>>(200, "One webhook.").Fails(404);
        app.MapPut(One, webhooks.UpdateAsync).Takes<WireChangedWebhook>()
            .Says<WireEnvelope<WireWebhook>>(200, "Change it; one that is switched on again goes on with what waits.").Fails(400, 403, 404, 413);
        app.MapDelete(One, webhooks.DeleteAsync).Says<WireEnvelope<WireDeletedWebhook>>(200, "Delete it, and what waits for it.").Fails(404);
        app.MapPost(One + "/rotate-secret", webhooks.RotateAsync)
            .Says<WireEnvelope<WireWebhook>>(200, "Give it another secret, which only this reply holds.").Fails(404);
        app.MapMethods(One + "/deliveries", Read, webhooks.DeliveriesAsync).With(ScaleBoxEventParameters.Pages)
            .Says<WireEnvelope<WireDeliveries>>(200, "What was delivered and what is to be, newest first; at most 200 at once.").Fails(400, 404);
        app.MapPost(One + "/test", webhooks.TestAsync)
            .Says<WireEnvelope<WireDelivery>>(202, "Deliver an event webhook.test to it.").Fails(404, 409);
        app.MapPost(One + "/deliveries/{" + ScaleBoxWebhooks.DeliveryParameter + "}/redeliver", webhooks.RedeliverAsync)
            .Says<WireEnvelope<WireDelivery>>(202, "Deliver that event once more.").Fails(404, 409);
    }
}
