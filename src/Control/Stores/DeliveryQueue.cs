using Atoll.Control.Webhooks;
using Atoll.Domain;
using Atoll.Domain.Events;
using Dapper;
using Microsoft.Data.Sqlite;

namespace Atoll.Control.Stores;

/// <summary>Puts an event into the queue of every webhook that is to be told of it, in the transaction of the event.</summary>
internal sealed class DeliveryQueue(DeliverySignal signal)
{
    private const string Told =
        """
        select id from webhooks w where is_active and (owner = @owner or of_all) and exists (
            select 1 from json_each(w.events) e where e.value in ('*', @type, @kind))
        """;

    private const string Insert =
        """
        insert into webhook_deliveries (id, webhook, event, event_id, event_type, state, created_at, next_attempt_at, repeats)
        values (@Id, @Webhook, @Sequence, @EventId, @Type, 'pending', @At, @At, @Repeats)
        """;

    public void Enqueue(SqliteConnection connection, LoggedEvent logged)
    {
        NewEvent what = logged.What;
        // A test is for the webhook that it is of, whatever else that is told of.
        IEnumerable<string> webhooks = what.Type == EventTypes.WebhookTest
            ? [what.Subject]
            : connection.Query<string>(Told, new { owner = what.Owner.Value, type = what.Type, kind = $"{what.Type.Split('.')[0]}.*" });
        foreach (string webhook in webhooks)
        {
            Add(connection, webhook, logged, logged.At, repeats: null);
        }
    }

    /// <param name="repeats">The delivery that it repeats; null for none.</param>
    /// <returns>Its id.</returns>
    public string Add(SqliteConnection connection, string webhook, LoggedEvent logged, DateTimeOffset at, string? repeats)
    {
        string id = $"whd-{Ulid.New(at)}";
        connection.Execute(Insert, new
        {
            Id = id, Webhook = webhook, logged.Sequence, EventId = logged.Id, logged.What.Type, At = at.ToUnixTimeMilliseconds(), Repeats = repeats,
        });
        signal.Appended(webhook);
        return id;
    }
}
