using Atoll.Control.Events;
using Atoll.Control.Webhooks;
using Atoll.Domain;
using Atoll.Domain.Events;
using Atoll.Domain.Tenancy;
using Atoll.Domain.Webhooks;
using Dapper;
using Microsoft.Data.Sqlite;

namespace Atoll.Control.Stores;

/// <summary>Remembers webhooks; their secrets are derived and stored nowhere.</summary>
internal sealed class WebhookStore(Database database, DeliveryQueue queue, DeliverySignal signal, EventLog events)
{
    private const string Insert =
        """
        insert into webhooks (id, owner, name, url, events, description, is_active, timeout_ms, max_retries, of_all, created_at, updated_at)
        values (@Id, @Owner, @Name, @Url, @Events, @Description, @IsActive, @TimeoutMs, @MaxRetries, @OfAll, @CreatedAt, @UpdatedAt)
        """;

    private const string Update =
        """
        update webhooks set name = @Name, url = @Url, events = @Events, description = @Description, is_active = @IsActive,
            disabled_reason = @DisabledReason, timeout_ms = @TimeoutMs, max_retries = @MaxRetries, of_all = @OfAll, generation = @Generation,
            rotated_at = @RotatedAt, failing_since = @FailingSince, updated_at = @UpdatedAt
        where id = @Id
        """;

    /// <summary>Adds it, or answers the one of the same id that an earlier attempt of the same request added. <see cref="FaultCode.QuotaExceeded"/> at the limit.</summary>
    public Task<Webhook> InsertAsync(Webhook webhook) => database.WriteAsync(connection =>
    {
        if (TryFind(connection, webhook.Owner, webhook.Id) is { } same)
        {
            return same;
        }

        long count = connection.QuerySingle<long>("select count(*) from webhooks where owner = @owner", new { owner = webhook.Owner.Value });
        if (count >= IWebhooks.MostPerUser)
        {
            throw new Fault(FaultCode.QuotaExceeded, $"you have {count} webhooks, the most there may be: delete one first").AsException();
        }

        connection.Execute(Insert, WebhookRow.Of(webhook));
        return webhook;
    });

    public IReadOnlyList<Webhook> List(UserId owner) => database.Read(connection => connection.Query<WebhookRow>(
        "select * from webhooks where owner = @owner order by id", new { owner = owner.Value }).Select(row => row.ToWebhook()).ToList());

    public Webhook Get(UserId owner, string id) => database.Read(connection => Find(connection, owner, id));

    /// <param name="change">Makes the new record of the present one.</param>
    public Task<Webhook> UpdateAsync(UserId owner, string id, Func<Webhook, Webhook> change) => database.WriteAsync(connection =>
    {
        Webhook before = Find(connection, owner, id);
        Webhook after = change(before);
        connection.Execute(Update, WebhookRow.Of(after));
        if (after.IsActive && (!before.IsActive || before.Url != after.Url))
        {
            connection.Execute(
                "update webhook_deliveries set next_attempt_at = @now where webhook = @id and state = 'pending'",
                new { id, now = after.UpdatedAt.ToUnixTimeMilliseconds() });
            signal.Appended(id);
        }

        return after;
    });

    public Task DeleteAsync(UserId owner, string id) => database.WriteAsync(connection =>
        connection.Execute("delete from webhooks where id = @id and owner = @owner", new { id, owner = owner.Value }) == 1 ? true : throw Missing(id));

    public Task<WebhookDelivery> TestAsync(UserId owner, string id, DateTimeOffset now) => database.WriteAsync(connection =>
    {
        Webhook webhook = Active(connection, owner, id);
        LoggedEvent logged = events.Append(connection, new NewEvent(EventTypes.WebhookTest, owner, id)
        {
            By = owner.Value, Data = new Dictionary<string, string> { ["name"] = webhook.Name },
        }, now);
        return DeliveryStore.Find(connection, webhook, "event", logged.Sequence)!;
    });

    public Task<WebhookDelivery> RedeliverAsync(UserId owner, string id, string delivery, DateTimeOffset now) => database.WriteAsync(connection =>
    {
        Webhook webhook = Active(connection, owner, id);
        if (connection.QuerySingleOrDefault<long?>(
            "select event from webhook_deliveries where webhook = @id and id = @delivery", new { id, delivery }) is not { } sequence)
        {
            throw Fault.NotFound("delivery", delivery).AsException();
        }

        LoggedEvent logged = EventStore.Find(connection, sequence)
            ?? throw new Fault(FaultCode.WrongState, $"the event of delivery '{delivery}' is kept no more").AsException();
        return DeliveryStore.Find(connection, webhook, "id", queue.Add(connection, id, logged, now, delivery))!;
    });

    private static Webhook Active(SqliteConnection connection, UserId owner, string id)
    {
        Webhook webhook = Find(connection, owner, id);
        return webhook.IsActive
            ? webhook
            : throw new Fault(FaultCode.WrongState, $"webhook '{id}' is switched off: set is_active to true first").AsException();
    }

    private static Webhook Find(SqliteConnection connection, UserId owner, string id) => TryFind(connection, owner, id) ?? throw Missing(id);

    private static Webhook? TryFind(SqliteConnection connection, UserId owner, string id) => connection.QuerySingleOrDefault<WebhookRow>(
        "select * from webhooks where id = @id and owner = @owner", new { id, owner = owner.Value })?.ToWebhook();

    private static FaultException Missing(string id) => Fault.NotFound("webhook", id).AsException();
}
