namespace Atoll.Control.Stores;

/// <summary>The tables of webhooks, as steps of <see cref="Migrations"/>.</summary>
internal static class WebhookSchema
{
    public const string Webhooks =
        """
        create table webhooks (
            id              text primary key,
            owner           text not null,
            name            text not null,
            url             text not null,
            events          text not null,
            description     text not null,
            is_active       integer not null,
            disabled_reason text,
            timeout_ms      integer not null,
            max_retries     integer not null,
            of_all          integer not null,
            generation      integer not null default 0,
            rotated_at      integer,
            failing_since   integer,
            created_at      integer not null,
            updated_at      integer not null,
            delivered       integer not null default 0,
            failed          integer not null default 0,
            last_success_at integer,
            last_failure_at integer
        ) strict;
        create index webhooks_by_owner on webhooks (owner);
        create index webhooks_of_all on webhooks (of_all) where of_all;
        create table webhook_deliveries (
            position        integer primary key autoincrement,
            id              text not null unique,
            webhook         text not null references webhooks (id) on delete cascade,
            event           integer not null,
            event_id        text not null,
            event_type      text not null,
            state           text not null,
            attempts        integer not null default 0,
            created_at      integer not null,
            next_attempt_at integer,
            last_attempt_at integer,
            ended_at        integer,
            status_code     integer,
            error           text,
            duration_ms     integer,
            repeats         text
        ) strict;
        create index webhook_deliveries_by_webhook on webhook_deliveries (webhook, position);
        create index webhook_deliveries_pending on webhook_deliveries (webhook, position) where state = 'pending';
        create index webhook_deliveries_ended on webhook_deliveries (ended_at) where state <> 'pending';
        """;
}
