using System.Text;
using Atoll.Domain.Sandboxes;
using Atoll.Domain.Templates;
using Atoll.Domain.Tenancy;
using Dapper;
using Microsoft.Data.Sqlite;

namespace Atoll.Control.Stores;

/// <summary>Remembers the templates that users made.</summary>
internal sealed class CatalogueStore(Database database)
{
    private const string Insert =
        """
        insert into templates (id, owner, name, description, cpu_count, memory_mb, visibility, source, image_origin, external_url,
            registry_username, registry_secret, harbor_url, harbor_project, harbor_repository, harbor_tag, status, image_bytes, metadata, ports,
            custom_command, ready_command, image_config, build_started_at, push_started_at, push_completed_at, build_error, build_logs,
            last_storage_sync_at, created_at, updated_at, document, parent_id, first_id, root_id, deleted)
        values (@Id, @Owner, @Name, @Description, @CpuCount, @MemoryMb, @Visibility, @Source, @ImageOrigin, @ExternalUrl,
            @RegistryUsername, null, @HarborUrl, @HarborProject, @HarborRepository, @HarborTag, @Status, @ImageBytes, @Metadata, @Ports,
            @CustomCommand, @ReadyCommand, @ImageConfig, @BuildStartedAt, @PushStartedAt, @PushCompletedAt, @BuildError, @BuildLogs,
            @LastStorageSyncAt, @CreatedAt, @UpdatedAt, @Document, @ParentId, @FirstId, @RootId, @Deleted)
        """;

    private const string Update =
        """
        update templates set name = @Name, description = @Description, cpu_count = @CpuCount, memory_mb = @MemoryMb, visibility = @Visibility,
            image_origin = @ImageOrigin, external_url = @ExternalUrl, registry_username = @RegistryUsername, harbor_url = @HarborUrl,
            harbor_project = @HarborProject, harbor_repository = @HarborRepository, harbor_tag = @HarborTag, status = @Status,
            image_bytes = @ImageBytes, metadata = @Metadata, ports = @Ports, custom_command = @CustomCommand, ready_command = @ReadyCommand,
            image_config = @ImageConfig, build_started_at = @BuildStartedAt, push_started_at = @PushStartedAt,
            push_completed_at = @PushCompletedAt, build_error = @BuildError, build_logs = @BuildLogs,
            last_storage_sync_at = @LastStorageSyncAt, updated_at = @UpdatedAt, document = @Document, root_id = @RootId, deleted = @Deleted
        where id = @Id
        """;

    private const string Seen = "deleted = 0 and (owner = @user or visibility in ('accountshared', 'public'))";

    private static readonly string[] Live = [.. Enum.GetValues<SandboxState>().Where(state => !state.IsFinal()).Select(SandboxRow.Word)];

    /// <param name="most">How many one user may have.</param>
    public Task<Stored> InsertAsync(CatalogueTemplate template, byte[]? secret, int most) => database.WriteAsync(connection =>
    {
        CatalogueRow row = CatalogueRow.Of(template);
        if (connection.QuerySingle<int>("select count(*) from templates where owner = @Owner and deleted = 0", row) >= most)
        {
            return Stored.TooMany;
        }

        if (NameIsTaken(connection, row))
        {
            return Stored.NameTaken;
        }

        connection.Execute(Insert, row);
        SetSecret(connection, row.Id, secret);
        return Stored.Done;
    });

    /// <summary>Changes what is there at that moment, so that no change of somebody else's gets lost.</summary>
    /// <param name="change">Null leaves it as it is.</param>
    /// <returns>The template as it is now; null when it is gone or its new name is taken.</returns>
    public Task<(CatalogueTemplate? Template, Stored Outcome)> ChangeAsync(
        TemplateId id, Func<CatalogueTemplate, CatalogueTemplate?> change, byte[]? secret = null) => database.WriteAsync(connection =>
    {
        CatalogueRow? found = connection.QuerySingleOrDefault<CatalogueRow>("select * from templates where id = @id", new { id = id.Value });
        if (found is null or { Deleted: true })
        {
            return (null, Stored.Gone);
        }

        CatalogueTemplate before = found.ToTemplate();
        if (change(before) is not { } after)
        {
            return (before, Stored.Done);
        }

        CatalogueRow row = CatalogueRow.Of(after);
        if (NameIsTaken(connection, row))
        {
            return ((CatalogueTemplate?)null, Stored.NameTaken);
        }

        connection.Execute(Update, row);
        SetSecret(connection, row.Id, secret);
        return (after, Stored.Done);
    });

    /// <summary>Marks it as deleted unless sandboxes that are not over use it.</summary>
    /// <returns>How many do.</returns>
    public Task<int> DeleteAsync(TemplateId id) => database.WriteAsync(connection =>
    {
        int users = connection.QuerySingle<int>(
            "select count(*) from sandboxes where template = @id and state in @live", new { id = id.Value, live = Live });
        if (users == 0)
        {
            connection.Execute("update templates set deleted = 1, registry_secret = null where id = @id", new { id = id.Value });
        }

        return users;
    });

    /// <summary>Forgets those that are deleted and of which nothing is left: no sandbox that is not over, no snapshot, no child.</summary>
    public Task<int> PurgeAsync() => database.WriteAsync(connection => connection.Execute(
        """
        delete from templates where deleted = 1
            and not exists (select 1 from sandboxes s where s.template = templates.id and s.state in @live)
            and not exists (select 1 from snapshots p where p.template = templates.id)
            and not exists (select 1 from templates c where c.parent_id = templates.id)
        """,
        new { live = Live }));

    /// <summary>Gives up those that were being built: what built them is no more.</summary>
    public Task<int> FailUnfinishedAsync(string reason, DateTimeOffset now) => database.WriteAsync(connection => connection.Execute(
        "update templates set status = 'failed', build_error = @reason, updated_at = @now where status = 'building' and deleted = 0",
        new { reason, now = now.ToUnixTimeMilliseconds() }));

    /// <summary>The roots that templates have, deleted ones that are kept included.</summary>
    public IReadOnlySet<string> Roots() => database.Read(connection =>
        connection.Query<string>("select distinct root_id from templates where root_id is not null").ToHashSet());

    /// <summary>By id, deleted ones included; null when there is none.</summary>
    public CatalogueTemplate? Find(TemplateId id) => database.Read(connection =>
        connection.QuerySingleOrDefault<CatalogueRow>("select * from templates where id = @id", new { id = id.Value }))?.ToTemplate();

    /// <summary>By id or name: of those that a user sees, the user's own first.</summary>
    public CatalogueTemplate? Find(UserId user, string nameOrId) => database.Read(connection => connection.QueryFirstOrDefault<CatalogueRow>(
        $"select * from templates where {Seen} and (id = @name or name = @name) order by owner = @user desc, created_at limit 1",
        new { user = user.Value, name = nameOrId }))?.ToTemplate();

    public byte[]? Secret(TemplateId id) => database.Read(connection =>
        connection.QuerySingleOrDefault<byte[]?>("select registry_secret from templates where id = @id", new { id = id.Value }));

    /// <summary>Bytes of the roots that a user's templates have of their own, each counted once; deleted ones count as long as they are kept.</summary>
    public long StorageOf(UserId user) => database.Read(connection => connection.QuerySingle<long>(
        """
        select coalesce(sum(bytes), 0) from (
            select max(t.image_bytes) as bytes from templates t
            where t.owner = @user and t.root_id is not null
                and not exists (select 1 from templates p where p.id = t.parent_id and p.root_id = t.root_id)
            group by t.root_id)
        """,
        new { user = user.Value }));

    public TemplatePage List(UserId user, TemplateQuery query)
    {
        (string where, DynamicParameters parameters) = Where(user, query);
        parameters.Add("limit", query.Limit);
        parameters.Add("offset", query.Offset);
        return database.Read(connection => new TemplatePage(
            [
                .. connection.Query<CatalogueRow>($"select * from templates where {where} order by id desc limit @limit offset @offset", parameters)
                    .Select(row => row.ToTemplate()),
            ],
            connection.QuerySingle<int>($"select count(*) from templates where {where}", parameters)));
    }

    // Only constant text enters the SQL; everything that a caller says is a parameter.
    private static (string Where, DynamicParameters Parameters) Where(UserId user, TemplateQuery query)
    {
        var where = new StringBuilder(Seen);
        var parameters = new DynamicParameters();
        parameters.Add("user", user.Value);
        if (query.Status is { } status)
        {
            where.Append(" and status = @status");
            parameters.Add("status", SandboxRow.Word(status));
        }

        if (query.Visibility is { } visibility)
        {
            where.Append(" and visibility = @visibility");
            parameters.Add("visibility", SandboxRow.Word(visibility));
        }

        if (query.Name is { } name)
        {
            where.Append(" and name = @name");
            parameters.Add("name", name);
        }

        if (!string.IsNullOrEmpty(query.Search))
        {
            where.Append(" and (instr(fold(name), @search) > 0 or instr(fold(description), @search) > 0 or instr(id, @search) > 0)");
            parameters.Add("search", query.Search.ToLowerInvariant());
        }

        if (query.Usable)
        {
            where.Append(" and status = 'available' and root_id is not null");
        }

        return (where.ToString(), parameters);
    }

    private static bool NameIsTaken(SqliteConnection connection, CatalogueRow row) => connection.QuerySingle<bool>(
        "select exists (select 1 from templates where owner = @Owner and name = @Name and deleted = 0 and id <> @Id)", row);

    private static void SetSecret(SqliteConnection connection, string id, byte[]? secret)
    {
        if (secret is not null)
        {
            connection.Execute("update templates set registry_secret = @secret where id = @id", new { id, secret });
        }
    }
}

/// <summary>What became of a write.</summary>
internal enum Stored
{
    Done,
    Gone,
    NameTaken,
    TooMany,
}
