using Dapper;
using Microsoft.Data.Sqlite;

namespace Atoll.Control.Stores;

/// <summary>The one list of steps that bring a database of any age to the present schema. Append only.</summary>
internal static class Migrations
{
    internal static IReadOnlyList<string> Steps { get; } =
    [
        """
        create table users (
            id           text primary key,
            username     text not null unique,
            email        text not null,
            display_name text not null,
            is_root      integer not null,
            created_at   integer not null
        ) strict;

        create table api_keys (
            id           text primary key,
            owner        text not null references users (id),
            name         text not null,
            description  text not null,
            prefix       text not null,
            hash         blob not null unique,
            is_active    integer not null,
            created_at   integer not null,
            last_used_at integer,
            unique (owner, name)
        ) strict;

        create table sandboxes (
            id                    text primary key,
            owner                 text not null references users (id),
            name                  text not null,
            description           text not null,
            template              text not null,
            template_name         text not null,
            cpu_count             integer not null,
            memory_mb             integer not null,
            storage_gb            integer not null,
            auto_pause            integer not null,
            secure                integer not null,
            allow_internet_access integer not null,
            region                text,
            metadata              text not null,
            environment           text not null,
            ports                 text not null,
            created_at            integer not null,
            updated_at            integer not null,
            timeout_ms            integer not null,
            timeout_at            integer,
            state                 text not null,
            phase                 text not null,
            reason                text not null,
            node                  text,
            started_at            integer,
            ended_at              integer,
            delete_requested      integer not null
        ) strict;
        create index sandboxes_by_owner on sandboxes (owner, created_at);
        create index sandboxes_by_state on sandboxes (state);

        create table sandbox_events (
            seq        integer primary key autoincrement,
            sandbox    text not null references sandboxes (id) on delete cascade,
            at         integer not null,
            from_state text,
            to_state   text not null,
            reason     text not null,
            cause      text not null
        ) strict;
        create index sandbox_events_by_sandbox on sandbox_events (sandbox, seq);
        """,
        """
        alter table sandboxes add column public_traffic integer not null default 1;
        alter table sandboxes add column request_host text;
        """,
        "alter table sandboxes add column local_port integer",
        """
        alter table sandboxes add column auto_resume integer not null default 0;
        alter table sandboxes add column idle_timeout_ms integer;
        alter table sandboxes add column pausing_at integer;
        alter table sandboxes add column paused_at integer;
        alter table sandboxes add column resumed_at integer;
        alter table sandboxes add column ran_before_ms integer not null default 0;
        alter table sandboxes add column paused_before_ms integer not null default 0;
        alter table sandboxes add column image text;
        alter table sandboxes add column source text;
        create index sandboxes_by_image on sandboxes (image);
        create index sandboxes_by_source on sandboxes (source);
        create table snapshots (
            id            text primary key,
            owner         text not null references users (id),
            name          text,
            image         text not null,
            sandbox       text not null,
            template      text not null,
            template_name text not null,
            cpu_count     integer not null,
            memory_mb     integer not null,
            storage_gb    integer not null,
            environment   text not null,
            bytes         integer not null,
            created_at    integer not null,
            unique (owner, name)
        ) strict;
        create index snapshots_by_image on snapshots (image);
        """,
        """
        create table events (
            seq        integer primary key autoincrement,
            id         text not null unique,
            type       text not null,
            at         integer not null,
            owner      text not null,
            project    text,
            subject    text not null,
            sandbox    text,
            cause      text not null,
            reason     text not null,
            from_state text,
            to_state   text,
            data       text not null
        ) strict;
        create index events_by_owner on events (owner, seq);
        create index events_by_sandbox on events (sandbox, seq);
        insert into events (seq, id, type, at, owner, subject, sandbox, cause, reason, from_state, to_state, data)
        select e.seq, printf('evt-%026d', e.seq), case
                when e.from_state is null then 'sandbox.created'
                when e.from_state = e.to_state then 'sandbox.updated'
                when e.to_state = 'starting' then 'sandbox.starting'
                when e.to_state = 'running' then 'sandbox.started'
                when e.to_state = 'terminating' then 'sandbox.stopped'
                when e.to_state = 'terminated' then 'sandbox.terminated'
                when e.to_state = 'failed' then 'sandbox.failed'
                else 'sandbox.updated'
            end, e.at, s.owner, e.sandbox, e.sandbox, e.cause, e.reason, e.from_state, e.to_state,
            json_object('name', s.name, 'template_id', s.template, 'template_name', s.template_name)
        from sandbox_events e join sandboxes s on s.id = e.sandbox order by e.seq;
        drop table sandbox_events;
        """,
        """
        create table requests (
            owner     text not null references users (id) on delete cascade,
            key       blob not null,
            print     blob not null,
            operation text not null,
            at        integer not null,
            bytes     integer not null default 0,
            answer    blob,
            primary key (owner, key)
        ) strict;
        create index requests_by_owner on requests (owner, at, bytes);
        create index requests_by_age on requests (at);
        """,
        """
        create table notifications (
            seq        integer primary key autoincrement,
            id         text not null unique,
            owner      text not null,
            type       text not null,
            category   text not null,
            priority   text not null,
            title      text not null,
            message    text not null,
            entity     text not null,
            created_at integer not null,
            read_at    integer
        ) strict;
        create index notifications_by_owner on notifications (owner, seq);
        """,
        "alter table sandboxes add column mounts text not null default '[]'",
        """
        create table projects (
            id          text primary key,
            owner       text not null references users (id),
            name        text not null,
            description text not null,
            is_default  integer not null,
            created_at  integer not null,
            updated_at  integer not null,
            unique (owner, name)
        ) strict;
        insert into projects select 'prj-' || substr(id, 5), id, 'default', '', 1, created_at, created_at from users;
        alter table sandboxes add column project text not null default '';
        update sandboxes set project = 'prj-' || substr(owner, 5);
        create index sandboxes_by_project on sandboxes (project);
        alter table users add column role text not null default 'member';
        update users set role = 'root' where is_root;
        alter table users add column is_active integer not null default 1;
        alter table users add column description text not null default '';
        alter table users add column avatar_url text;
        alter table users add column last_login integer;
        alter table users add column password text;
        alter table users add column reset_requested_at integer;
        """,
        TemplateSchema.Templates,
        """
        create table metric_samples (
            at           integer not null,
            sandbox      text not null,
            cpu          real not null,
            memory       integer not null,
            memory_total integer not null,
            cache        integer not null,
            disk         integer not null,
            disk_total   integer not null,
            primary key (at, sandbox)
        ) strict, without rowid;
        create table metric_minutes (
            at           integer not null,
            sandbox      text not null,
            cpu          real not null,
            memory       integer not null,
            memory_total integer not null,
            cache        integer not null,
            disk         integer not null,
            disk_total   integer not null,
            primary key (at, sandbox)
        ) strict, without rowid;
        create trigger metrics_go_with_their_sandbox after delete on sandboxes begin
            delete from metric_samples where sandbox = old.id and at in (
                with recursive grid(at) as (
                    select max(old.created_at / 5000 * 5000, coalesce((select min(at) from metric_samples), 0))
                    union all select at + 5000 from grid where at + 5000 <= (select max(at) from metric_samples))
                select at from grid);
            delete from metric_minutes where sandbox = old.id and at in (
                with recursive grid(at) as (
                    select max(old.created_at / 60000 * 60000, coalesce((select min(at) from metric_minutes), 0))
                    union all select at + 60000 from grid where at + 60000 <= (select max(at) from metric_minutes))
                select at from grid);
        end;
        """,
        """
        create table quotas (
            subject    text primary key,
            owner      text not null references users (id) on delete cascade,
            sandboxes  integer,
            cpu_count  integer,
            memory_mb  integer,
            storage_gb integer
        ) strict;
        create table quota_requests (
            id         text primary key,
            owner      text not null references users (id) on delete cascade,
            project    text,
            sandboxes  integer,
            cpu_count  integer,
            memory_mb  integer,
            storage_gb integer,
            reason     text not null,
            state      text not null,
            note       text not null,
            created_at integer not null,
            decided_at integer
        ) strict;
        create index quota_requests_by_owner on quota_requests (owner, id);
        """,
        """
        create table audit_log (
            seq         integer primary key autoincrement,
            at          integer not null,
            owner       text not null,
            api_key     text,
            method      text not null,
            route       text not null,
            target      text not null,
            status      integer not null,
            duration_ms real not null,
            address     text not null,
            request_id  text not null,
            idempotent  integer not null
        ) strict;
        create index audit_log_by_time on audit_log (at);
        create index audit_log_by_owner on audit_log (owner, seq);
        """,
        WebhookSchema.Webhooks,
        "alter table api_keys add column expires_at integer",
        UsageSchema.Sessions,
        """
        create index sandboxes_alive_by_owner on sandboxes (owner) where state not in ('terminated', 'failed');
        create index sandboxes_alive_by_project on sandboxes (project) where state not in ('terminated', 'failed');
        """,
    ];

    public static int Newest => Steps.Count;

    /// <summary>Safe while another process does the same: each looks again once it holds the write lock.</summary>
    /// <param name="until">How many steps to do; null for all.</param>
    public static void Apply(SqliteConnection connection, int? until = null)
    {
        connection.Execute("begin immediate");
        try
        {
            connection.Execute("create table if not exists schema_version (version integer not null) strict");
            long version = connection.QuerySingle<long?>("select max(version) from schema_version") ?? 0;
            if (version > Newest)
            {
                throw new StoreUnusableException(
                    $"{connection.DataSource} was written by a newer Atoll (schema {version}, this one knows {Newest}): "
                    + "start that version, or point --data at another directory");
            }

            for (long next = version; next < (until ?? Newest); next++)
            {
                connection.Execute(Steps[(int)next]);
                connection.Execute("insert into schema_version (version) values (@version)", new { version = next + 1 });
            }

            connection.Execute("commit");
        }
        catch
        {
            Database.RollBack(connection);
            throw;
        }
    }
}
