using Microsoft.AspNetCore.Routing;

namespace Atoll.Api.Dialects.ScaleBox.Routes;

/// <summary>Webhooks.</summary>
internal static class WebhookRoutes
{
    public static void MapWebhooks(this IEndpointRouteBuilder app)
    {
        app.NotBuilt("/v1/webhooks/{**rest}", "GET", "POST", "PUT", "DELETE");
    }
}
