using Atoll.Control.Events;
using Atoll.Control.Webhooks;
using Atoll.Domain.Events;
using Atoll.Domain.Webhooks;
using Dapper;
using Microsoft.Data.Sqlite;

namespace Atoll.Control.Stores;

/// <summary>The queue of deliveries as the dispatcher works it off, and what users read of it.</summary>
internal sealed class DeliveryStore(Database database, EventLog events, ControlOptions options)
{
    /// <summary>Why a delivery failed whose event went before it could be delivered.</summary>
    public const string EventGone = "the event is kept no more";

    private const string UpdateDelivery =
        """
        update webhook_deliveries set state = @State, attempts = attempts + 1, next_attempt_at = @Next, last_attempt_at = @Now, ended_at = @Ended,
            status_code = @StatusCode, error = @Error, duration_ms = @DurationMs
        where id = @Id
        """;

    private const string UpdateWebhook =
        """
        update webhooks set
            delivered = delivered + @Success, failed = failed + @GivenUp,
            last_success_at = case when @Success then @Now else last_success_at end,
            last_failure_at = case when @Success then last_failure_at else @Now end,
            failing_since = case when @Success then null else coalesce(failing_since, @Now) end
        where id = @Webhook returning *
        """;

    /// <summary>The webhooks that have something to deliver.</summary>
    public IReadOnlyList<string> Waiting() => database.Read(connection => connection.Query<string>(
        "select distinct webhook from webhook_deliveries where state = 'pending'").ToList());

    /// <summary>What is to be delivered next to a webhook; null when there is nothing, or it is switched off or gone.</summary>
    public QueuedDelivery? Head(string webhook) => database.Read(connection =>
    {
        if (connection.QuerySingleOrDefault<WebhookRow>("select * from webhooks where id = @webhook and is_active", new { webhook })?.ToWebhook() is not { } found
            || connection.QuerySingleOrDefault<DeliveryRow>(
                "select * from webhook_deliveries where webhook = @webhook and state = 'pending' order by position limit 1", new { webhook }) is not { } row)
        {
            return null;
        }

        return new QueuedDelivery(found, row.ToDelivery(found), row.Event);
    });

    /// <summary>Writes down how an attempt went, and switches a webhook off that has failed for too long.</summary>
    /// <param name="chance">From 0 to 1; spreads the next attempts.</param>
    public Task RecordAsync(QueuedDelivery tried, AttemptOutcome outcome, DateTimeOffset now, double chance) => database.WriteAsync(connection =>
    {
        bool success = outcome.Error is null;
        DateTimeOffset? next = success || outcome.Error == EventGone
            ? null
            : RetrySchedule.Next(options.Webhooks, tried.Delivery.Attempts + 1, tried.Webhook.MaxRetries, tried.Delivery.CreatedAt, now, chance);
        DeliveryState state = success ? DeliveryState.Delivered : next is null ? DeliveryState.Failed : DeliveryState.Pending;
        connection.Execute(UpdateDelivery, new
        {
            tried.Delivery.Id, State = SandboxRow.Word(state), Next = next?.ToUnixTimeMilliseconds(), Now = now.ToUnixTimeMilliseconds(),
            Ended = next is null ? now.ToUnixTimeMilliseconds() : (long?)null, outcome.StatusCode, outcome.Error,
            DurationMs = (long)outcome.Duration.TotalMilliseconds,
        });
        Webhook? webhook = connection.QuerySingleOrDefault<WebhookRow>(UpdateWebhook, new
        {
            Webhook = tried.Webhook.Id, Success = success, GivenUp = state is DeliveryState.Failed, Now = now.ToUnixTimeMilliseconds(),
        })?.ToWebhook();
        return webhook is { IsActive: true } && webhook.FailingSince + options.Webhooks.DisableAfter <= now && Disable(connection, webhook, now);
    });

    public DeliveryPage List(Webhook webhook, int offset, int limit) => database.Read(connection => new DeliveryPage(
        [.. connection.Query<DeliveryRow>(
            "select * from webhook_deliveries where webhook = @id order by position desc limit @limit offset @offset",
            new { id = webhook.Id, limit, offset }).Select(row => row.ToDelivery(webhook))],
        connection.QuerySingle<int>("select count(*) from webhook_deliveries where webhook = @id", new { id = webhook.Id })));

    /// <param name="column">Constant text.</param>
    public static WebhookDelivery? Find(SqliteConnection connection, Webhook webhook, string column, object value) => connection
        .QuerySingleOrDefault<DeliveryRow>(
            $"select * from webhook_deliveries where webhook = @webhook and {column} = @value", new { webhook = webhook.Id, value })?.ToDelivery(webhook);

    /// <summary>Removes those that ended before a moment, and the oldest of each webhook that has too many; what waits beyond that number is given up.</summary>
    public Task TrimAsync(DateTimeOffset now) => database.WriteAsync(connection =>
    {
        int most = options.Webhooks.MostPerWebhook;
        int gone = connection.Execute(
            "delete from webhook_deliveries where state <> 'pending' and ended_at < @before", new { before = (now - options.Webhooks.Keep).ToUnixTimeMilliseconds() });
        foreach (string webhook in connection.Query<string>(
            "select webhook from webhook_deliveries group by webhook having count(*) > @most", new { most }).ToList())
        {
            gone += connection.Execute(
                """
                update webhook_deliveries set state = 'failed', ended_at = @now, next_attempt_at = null, error = 'too many were waiting'
                where webhook = @webhook and state = 'pending' and position <= (
                    select position from webhook_deliveries where webhook = @webhook and state = 'pending' order by position desc limit 1 offset @most);
                delete from webhook_deliveries where webhook = @webhook and state <> 'pending' and position <= (
                    select position from webhook_deliveries where webhook = @webhook and state <> 'pending' order by position desc limit 1 offset @most)
                """,
                new { webhook, most, now = now.ToUnixTimeMilliseconds() });
        }

        return gone;
    });

    private bool Disable(SqliteConnection connection, Webhook webhook, DateTimeOffset now)
    {
        string reason = $"nothing could be delivered to it for {options.Webhooks.DisableAfter.TotalDays:0.#} days";
        connection.Execute(
            "update webhooks set is_active = 0, disabled_reason = @reason, updated_at = @now where id = @id",
            new { id = webhook.Id, reason, now = now.ToUnixTimeMilliseconds() });
        events.Append(connection, new NewEvent(EventTypes.WebhookDisabled, webhook.Owner, webhook.Id)
        {
            Reason = reason, Data = new Dictionary<string, string> { ["name"] = webhook.Name },
        }, now);
        return true;
    }

    private sealed class DeliveryRow
    {
        public string Id { get; set; } = "";
        public string Webhook { get; set; } = "";
        public long Event { get; set; }
        public string EventId { get; set; } = "";
        public string EventType { get; set; } = "";
        public string State { get; set; } = "";
        public int Attempts { get; set; }
        public long CreatedAt { get; set; }
        public long? NextAttemptAt { get; set; }
        public long? LastAttemptAt { get; set; }
        public long? EndedAt { get; set; }
        public int? StatusCode { get; set; }
        public string? Error { get; set; }
        public long? DurationMs { get; set; }
        public string? Repeats { get; set; }

        public WebhookDelivery ToDelivery(Webhook webhook) => new()
        {
            Id = Id,
            Webhook = Webhook,
            EventId = EventId,
            EventType = EventType,
            State = Enum.Parse<DeliveryState>(State, ignoreCase: true),
            Attempts = Attempts,
            MaxAttempts = webhook.MaxRetries + 1,
            CreatedAt = DateTimeOffset.FromUnixTimeMilliseconds(CreatedAt),
            NextAttemptAt = Time(NextAttemptAt),
            LastAttemptAt = Time(LastAttemptAt),
            EndedAt = Time(EndedAt),
            StatusCode = StatusCode,
            Error = Error,
            Duration = DurationMs is { } known ? TimeSpan.FromMilliseconds(known) : null,
            Repeats = Repeats,
        };

        private static DateTimeOffset? Time(long? milliseconds) =>
            milliseconds is { } known ? DateTimeOffset.FromUnixTimeMilliseconds(known) : null;
    }
}

/// <param name="Sequence">Of the event to be delivered.</param>
internal sealed record QueuedDelivery(Webhook Webhook, WebhookDelivery Delivery, long Sequence);
