using Atoll.Control.Stores;
using Atoll.Domain.Events;
using Microsoft.Data.Sqlite;

namespace Atoll.Control.Events;

/// <summary>Writes events, and what follows from them: in the transaction of what they tell of, where there is one.</summary>
internal sealed class EventLog(Database database, EventStore store, NotificationStore notifications, DeliveryQueue deliveries, EventPulse pulse, TimeProvider time) : IEventLog
{
    public Task AppendAsync(NewEvent happened) => database.WriteAsync(connection => Append(connection, happened, time.Now()));

    /// <summary>To be called by the work of a <see cref="Database.WriteAsync"/>.</summary>
    public LoggedEvent Append(SqliteConnection connection, NewEvent happened, DateTimeOffset at)
    {
        LoggedEvent logged = store.Append(connection, happened, at);
        notifications.Note(connection, logged);
        deliveries.Enqueue(connection, logged);
        pulse.Appended(happened.Owner);
        return logged;
    }
}
