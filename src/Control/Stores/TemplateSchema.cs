namespace Atoll.Control.Stores;

/// <summary>The tables of templates, as steps of <see cref="Migrations"/>.</summary>
internal static class TemplateSchema
{
    public const string Templates =
        """
        create table templates (
            id                   text primary key,
            owner                text not null references users (id),
            name                 text not null,
            description          text not null,
            cpu_count            integer not null,
            memory_mb            integer not null,
            visibility           text not null,
            source               text not null,
            image_origin         text,
            external_url         text not null,
            registry_username    text not null,
            registry_secret      blob,
            harbor_url           text not null,
            harbor_project       text not null,
            harbor_repository    text not null,
            harbor_tag           text not null,
            status               text not null,
            image_bytes          integer,
            metadata             text not null,
            ports                text not null,
            custom_command       text not null,
            ready_command        text not null,
            image_config         text,
            build_started_at     integer,
            push_started_at      integer,
            push_completed_at    integer,
            build_error          text not null,
            build_logs           text not null,
            last_storage_sync_at integer,
            created_at           integer not null,
            updated_at           integer not null,
            document             text,
            parent_id            text,
            first_id             text,
            root_id              text,
            deleted              integer not null
        ) strict;
        create unique index templates_by_owner on templates (owner, name) where deleted = 0;
        create index templates_by_parent on templates (parent_id);
        create index templates_by_root on templates (root_id);
        create index sandboxes_by_template on sandboxes (template);
        """;
}
