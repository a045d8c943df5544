using Microsoft.AspNetCore.Routing;

namespace Atoll.Api.Dialects.ScaleBox.Routes;

/// <summary>Notifications.</summary>
internal static class NotificationRoutes
{
    public static void MapNotifications(this IEndpointRouteBuilder app)
    {
        app.NotBuilt("/v1/notifications/{**rest}", "GET", "POST", "PATCH", "DELETE");
    }
}
