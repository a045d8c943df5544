using System.Text;
using Atoll.Control.Events;
using Atoll.Domain.Sandboxes;
using Atoll.Domain.Tenancy;
using Dapper;

namespace Atoll.Control.Stores;

/// <summary>Remembers sandboxes, and each of their transitions as an event, and what it says of their use, in the same transaction.</summary>
internal sealed class SandboxStore(Database database, EventLog events, QuotaStore quotas)
{
    private const string Insert =
        """
        insert into sandboxes (id, owner, name, description, template, template_name, cpu_count, memory_mb, storage_gb,
            auto_pause, secure, allow_internet_access, public_traffic, request_host, region, metadata, environment, ports, created_at, updated_at,
            timeout_ms, timeout_at, state, phase, reason, node, local_port, started_at, ended_at, delete_requested,
            auto_resume, idle_timeout_ms, pausing_at, paused_at, resumed_at, ran_before_ms, paused_before_ms, image, source, mounts, project)
        values (@Id, @Owner, @Name, @Description, @Template, @TemplateName, @CpuCount, @MemoryMb, @StorageGb,
            @AutoPause, @Secure, @AllowInternetAccess, @PublicTraffic, @RequestHost, @Region, @Metadata, @Environment, @Ports, @CreatedAt, @UpdatedAt,
            @TimeoutMs, @TimeoutAt, @State, @Phase, @Reason, @Node, @LocalPort, @StartedAt, @EndedAt,
            @DeleteRequested,
            @AutoResume, @IdleTimeoutMs, @PausingAt, @PausedAt, @ResumedAt, @RanBeforeMs, @PausedBeforeMs, @Image, @Source, @Mounts, @Project)
        """;

    private const string Update =
        """
        update sandboxes set updated_at = @UpdatedAt, timeout_ms = @TimeoutMs, timeout_at = @TimeoutAt, state = @State,
            phase = @Phase, reason = @Reason, node = @Node, local_port = @LocalPort, ports = @Ports,
            started_at = @StartedAt, ended_at = @EndedAt,
            delete_requested = @DeleteRequested, pausing_at = @PausingAt, paused_at = @PausedAt, resumed_at = @ResumedAt,
            ran_before_ms = @RanBeforeMs, paused_before_ms = @PausedBeforeMs, image = @Image, mounts = @Mounts, project = @Project
        where id = @Id
        """;

    // One that is paused takes of the node what its image takes, and nothing else.
    private const string Live =
        """
        select coalesce(sum(memory_mb), 0) as memory_mb, coalesce(sum(storage_gb), 0) as storage_gb
        from sandboxes where state in @live
        """;

    // Those that take memory and a disk of the node; a paused one takes what its image takes.
    private static readonly string[] Active = [.. States(over: false).Except([SandboxRow.Word(SandboxState.Paused)])];

    /// <param name="cause">Who or what brought it about: a user, the node, the timer.</param>
    /// <param name="admit">Told what the live sandboxes use; what it throws keeps the new one out.</param>
    /// <param name="isFork">It is a copy of another sandbox.</param>
    public Task InsertAsync(Sandbox sandbox, string cause, Action<LiveUse>? admit = null, bool isFork = false) => database.WriteAsync(connection =>
    {
        admit?.Invoke(connection.QuerySingle<LiveUse>(Live, new { live = Active }));
        ProjectStore.Require(connection, sandbox);
        if (admit is not null)
        {
            quotas.Check(connection, sandbox, comesBack: false);
        }

        connection.Execute(Insert, SandboxRow.Of(sandbox));
        UsageLedger.Record(connection, null, sandbox, events.Append(connection, SandboxEvents.Added(sandbox, isFork, cause), sandbox.UpdatedAt));
        return true;
    });

    /// <param name="command">What changes it; decides what the event is called where the records do not.</param>
    /// <param name="admit">Told what the others use; what it throws leaves the record as it was.</param>
    public Task UpdateAsync(
        Sandbox before, Sandbox after, string cause, SandboxCommand? command = null, Action<LiveUse>? admit = null) => database.WriteAsync(connection =>
    {
        admit?.Invoke(connection.QuerySingle<LiveUse>(Live, new { live = Active }));
        if (after.Project != before.Project)
        {
            ProjectStore.Require(connection, after);
            quotas.CheckProject(connection, after);
        }

        if (admit is not null)
        {
            quotas.Check(connection, after, comesBack: true);
        }

        if (connection.Execute(Update, SandboxRow.Of(after)) != 1)
        {
            throw new InvalidOperationException($"the record of sandbox {after.Id} is gone");
        }

        UsageLedger.Record(connection, before, after, events.Append(connection, SandboxEvents.Of(before, after, command, cause), after.UpdatedAt));
        return true;
    });

    /// <summary>Removes the record. Its events stay.</summary>
    /// <param name="now">When it went.</param>
    public Task RemoveAsync(SandboxId id, string cause, DateTimeOffset now) => database.WriteAsync(connection =>
    {
        if (connection.QuerySingleOrDefault<SandboxRow>("select * from sandboxes where id = @Id", new { Id = id.Value })?.ToSandbox() is not { } sandbox)
        {
            return 0;
        }

        if (!sandbox.State.IsFinal())
        {
            Sandbox over = sandbox with { State = SandboxState.Terminated, EndedAt = now, UpdatedAt = now };
            UsageLedger.Record(connection, sandbox, over, events.Append(connection, SandboxEvents.Of(sandbox, over, null, cause), now));
            sandbox = over;
        }

        events.Append(connection, SandboxEvents.Removed(sandbox, cause), now);
        return connection.Execute("delete from sandboxes where id = @Id", new { Id = id.Value });
    });

    public Sandbox? Find(SandboxId id) => database.Read(connection => connection.QuerySingleOrDefault<SandboxRow>(
        "select * from sandboxes where id = @Id", new { Id = id.Value }))?.ToSandbox();

    /// <summary>Those for which something is left to do or to watch: not over, or over with their delete still to be done.</summary>
    public IReadOnlyList<Sandbox> Unfinished() => database.Read(connection => connection.Query<SandboxRow>(
        "select * from sandboxes where state not in ('terminated', 'failed') or delete_requested order by id"))
        .Select(row => row.ToSandbox()).ToList();

    /// <summary>Those that were over before a moment, at most so many.</summary>
    public IReadOnlyList<SandboxId> OverBefore(DateTimeOffset moment, int limit) => database.Read(connection => connection.Query<string>(
        """
        select id from sandboxes
        where state in @over and not delete_requested and coalesce(ended_at, updated_at) < @before limit @limit
        """,
        new { over = States(over: true), before = moment.ToUnixTimeMilliseconds(), limit }))
        .Select(SandboxId.Parse).ToList();

    /// <param name="owner">Null for those of every user.</param>
    public SandboxPage List(UserId? owner, SandboxQuery query)
    {
        (string where, DynamicParameters parameters) = Where(owner, query);
        string direction = query.Descending ? "desc" : "asc";
        string after = "";
        if (query.After is { } last)
        {
            // Ids begin with the moment of their making, so both orders are one.
            after = query.Sort is SandboxSort.CreatedAt
                ? $"and id {(query.Descending ? '<' : '>')} @after"
                : throw new ArgumentException("a page after another is ordered by when they were made", nameof(query));
            parameters.Add("after", last.Value);
        }

        string page = $"select * from sandboxes s where {where} {after} order by {Column(query.Sort)} {direction}, id {direction} limit @limit offset @offset";
        parameters.Add("limit", query.Limit);
        parameters.Add("offset", query.Offset);
        return database.Read(connection => new SandboxPage(
            [.. connection.Query<SandboxRow>(page, parameters).Select(row => row.ToSandbox())],
            connection.QuerySingle<int>($"select count(*) from sandboxes s where {where}", parameters)));
    }

    // Only constant text enters the SQL; everything that a caller says is a parameter.
    private static (string Where, DynamicParameters Parameters) Where(UserId? owner, SandboxQuery query)
    {
        var where = new StringBuilder("true");
        var parameters = new DynamicParameters();
        if (owner is { } one)
        {
            where.Append(" and owner = @owner");
            parameters.Add("owner", one.Value);
        }

        if (query.Project is { } project)
        {
            where.Append(" and project = @project");
            parameters.Add("project", project.Value);
        }

        if (query.States.Count > 0)
        {
            where.Append(" and state in @states");
            parameters.Add("states", query.States.Select(SandboxRow.Word).ToArray());
        }

        if (query.Template is not null)
        {
            where.Append(" and (template = @template or template_name = @template)");
            parameters.Add("template", query.Template);
        }

        if (query.StartedAfter is { } moment)
        {
            where.Append(" and started_at > @moment");
            parameters.Add("moment", moment.ToUnixTimeMilliseconds());
        }

        if (!string.IsNullOrEmpty(query.Search))
        {
            where.Append(" and (instr(fold(name), @search) > 0 or instr(fold(description), @search) > 0 or instr(id, @search) > 0)");
            parameters.Add("search", query.Search.ToLowerInvariant());
        }

        int number = 0;
        foreach ((string key, string value) in query.Metadata)
        {
            where.Append($" and exists (select 1 from json_each(s.metadata) m where m.key = @key{number} and m.value = @value{number})");
            parameters.Add($"key{number}", key);
            parameters.Add($"value{number}", value);
            number++;
        }

        return (where.ToString(), parameters);
    }

    private static string[] States(bool over) =>
        [.. Enum.GetValues<SandboxState>().Where(state => state.IsFinal() == over).Select(SandboxRow.Word)];

    private static string Column(SandboxSort sort) => sort switch
    {
        SandboxSort.CreatedAt => "created_at",
        SandboxSort.UpdatedAt => "updated_at",
        SandboxSort.Name => "fold(name)",
        SandboxSort.State => "state",
        SandboxSort.TimeoutAt => "timeout_at",
        _ => throw new ArgumentOutOfRangeException(nameof(sort)),
    };
}

/// <summary>What the sandboxes that are not over use together.</summary>
internal sealed record LiveUse
{
    public long MemoryMb { get; init; }

    public long StorageGb { get; init; }

    /// <summary>What the images take of the disk, those of paused sandboxes and of snapshots.</summary>
    public long ImageBytes { get; init; }
}
