using Atoll.Api.OpenApi;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.DependencyInjection;
using static Atoll.Api.Dialects.ScaleBox.Routes.RouteWords;

namespace Atoll.Api.Dialects.ScaleBox.Routes;

/// <summary>Notifications.</summary>
internal static class NotificationRoutes
{
    private const string All = "/v1/notifications";
    private const string One = All + "/{" + ScaleBoxNotifications.IdParameter + "}";
    private static readonly string[] Patch = [HttpMethods.Patch];

    public static IServiceCollection AddNotifications(this IServiceCollection services) => services
        .AddSingleton<ScaleBoxNotifications>();

    public static void MapNotifications(this IEndpointRouteBuilder app)
    {
        var notifications = app.ServiceProvider.GetRequiredService<ScaleBoxNotifications>();
        app.MapMethods(All, Read, notifications.ListAsync).With(ScaleBoxEventParameters.Notifications)
            .Says<WireEnvelope<WireNotifications>>(200, "List your notifications, newest first.").Fails(400);
        app.MapMethods(One, Read, notifications.GetAsync).Says<WireEnvelope<WireNotification>>(200, "One notification.").Fails(404);
        app.MapMethods(One + "/read", Patch, notifications.ReadAsync).Says<WireEnvelope<WireNotification>>(200, "Mark it as read.").Fails(404);
        app.MapMethods(One + "/unread", Patch, notifications.UnreadAsync).Says<WireEnvelope<WireNotification>>(200, "Mark it as unread.").Fails(404);
        app.MapMethods(All + "/read-all", Patch, notifications.ReadAllAsync)
            .Says<WireEnvelope<WireNotificationCounts>>(200, "Mark all of them as read.");
        app.MapMethods(All + "/unread-all", Patch, notifications.UnreadAllAsync)
            .Says<WireEnvelope<WireNotificationCounts>>(200, "Mark all of them as unread.");
        app.MapMethods(All + "/bulk-read", Patch, notifications.BulkReadAsync).Takes<WireNotificationIds>()
            .Says<WireEnvelope<WireNotificationChanges>>(200, "Mark up to 100 of them as read; those that do not exist are said.").Fails(400, 413);
        app.MapMethods(All + "/bulk-unread", Patch, notifications.BulkUnreadAsync).Takes<WireNotificationIds>()
            .Says<WireEnvelope<WireNotificationChanges>>(200, "Mark up to 100 of them as unread; those that do not exist are said.").Fails(400, 413);
        app.MapDelete(One, notifications.DeleteAsync).Says<WireEnvelope<WireNotificationChanges>>(200, "Delete it.").Fails(404);
        app.MapDelete(All, notifications.DeleteAllAsync).Says<WireEnvelope<WireNotificationCounts>>(200, "Delete all of them.");
        app.MapMethods(All + "/bulk-delete", [HttpMethods.Post, HttpMethods.Delete], notifications.BulkDeleteAsync).Takes<WireNotificationIds>()
            .Says<WireEnvelope<WireNotificationChanges>>(200, "Delete up to 100 of them; those that do not exist are said.").Fails(400, 413);
    }
}
