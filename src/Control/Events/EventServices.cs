using Atoll.Control.Notifications;
using Atoll.Control.Stores;
using Atoll.Control.Webhooks;
using Atoll.Domain.Events;
using Atoll.Domain.Notifications;
using Atoll.Domain.Webhooks;
using Microsoft.Extensions.DependencyInjection;

namespace Atoll.Control.Events;

/// <summary>Puts events, and what follows from them, into a host.</summary>
internal static class EventServices
{
    public static void AddAtollEvents(this IServiceCollection services)
    {
        services.AddSingleton<EventStore>();
        services.AddSingleton<EventPulse>();
        services.AddSingleton<EventLog>();
        services.AddSingleton<IEventLog>(all => all.GetRequiredService<EventLog>());
        services.AddSingleton<IEvents, OwnedEvents>();
        services.AddSingleton<NotificationStore>();
        services.AddSingleton<INotifications, OwnedNotifications>();
        services.AddSingleton<DeliverySignal>();
        services.AddSingleton<DeliveryQueue>();
        services.AddSingleton<DeliveryStore>();
        services.AddSingleton<WebhookStore>();
        services.AddSingleton<WebhookSecrets>();
        services.AddSingleton<WebhookRules>();
        services.AddSingleton(all => new WebhookConnector(all.GetRequiredService<ControlOptions>().Webhooks));
        services.AddSingleton<WebhookSender>();
        services.AddSingleton<IWebhooks, OwnedWebhooks>();
        services.AddSingleton<WebhookDispatcher>();
        services.AddHostedService(all => all.GetRequiredService<WebhookDispatcher>());
        services.AddHostedService<EventUpkeep>();
    }
}
