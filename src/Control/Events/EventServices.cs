using Atoll.Control.Notifications;
using Atoll.Control.Stores;
using Atoll.Domain.Events;
using Atoll.Domain.Notifications;
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
        services.AddHostedService<EventUpkeep>();
    }
}
