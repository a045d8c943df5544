namespace Atoll.Control.Stores;

/// <summary>The tables of usage, as steps of <see cref="Migrations"/>.</summary>
internal static class UsageSchema
{
    // Of a sandbox that was there before, its last phase is known.
    public const string Sessions =
        """
        create table usage_sessions (
            seq           integer primary key autoincrement,
            id            text not null unique,
            sandbox       text not null,
            owner         text not null,
            project       text not null,
            name          text not null,
            template      text not null,
            template_name text not null,
            cpu_count     integer not null,
            memory_mb     integer not null,
            storage_gb    integer not null,
            started_at    integer not null,
            start_event   text not null,
            start_type    text not null,
            ended_at      integer,
            end_event     text,
            end_type      text
        ) strict;
        create index usage_sessions_by_owner on usage_sessions (owner, started_at);
        create index usage_sessions_by_start on usage_sessions (started_at);
        create index usage_sessions_by_owner_end on usage_sessions (owner, ended_at);
        create index usage_sessions_by_end on usage_sessions (ended_at);
        create index usage_sessions_by_sandbox on usage_sessions (sandbox, started_at);
        create index usage_sessions_by_project on usage_sessions (project, started_at);
        create unique index usage_sessions_open on usage_sessions (sandbox) where ended_at is null;
        insert into usage_sessions (id, sandbox, owner, project, name, template, template_name, cpu_count, memory_mb, storage_gb, started_at,
            start_event, start_type, ended_at, end_event, end_type)
        select 'ses-' || s.id, s.id, s.owner, s.project, s.name, s.template, s.template_name, s.cpu_count, s.memory_mb, s.storage_gb, s.started_at,
            'evt-' || s.id, 'sandbox.started',
            case when s.runs then null else max(s.started_at, case when s.paused_at >= s.started_at then coalesce(s.pausing_at, s.paused_at) else coalesce(s.ended_at, s.updated_at) end) end,
            case when s.runs then null else 'evt-' || s.id end,
            case when s.runs then null when s.paused_at >= s.started_at then 'sandbox.paused' when s.state = 'failed' then 'sandbox.failed' else 'sandbox.stopped' end
        from (select *, state in ('running', 'pausing', 'forking') as runs from sandboxes where started_at is not null) s;
        """;
}
