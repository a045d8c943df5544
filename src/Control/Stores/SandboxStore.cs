using System.Text;
using Atoll.Domain.Sandboxes;
using Atoll.Domain.Tenancy;
using Dapper;

namespace Atoll.Control.Stores;

/// <summary>Remembers sandboxes, and each of their transitions as an event in the same transaction.</summary>
internal sealed class SandboxStore(Database database)
{
    private const string Insert =
        """
        insert into sandboxes (id, owner, name, description, template, template_name, cpu_count, memory_mb, storage_gb,
            auto_pause, secure, allow_internet_access, region, metadata, environment, ports, created_at, updated_at,
            timeout_ms, timeout_at, state, phase, reason, node, started_at, ended_at, delete_requested)
        values (@Id, @Owner, @Name, @Description, @Template, @TemplateName, @CpuCount, @MemoryMb, @StorageGb,
            @AutoPause, @Secure, @AllowInternetAccess, @Region, @Metadata, @Environment, @Ports, @CreatedAt, @UpdatedAt,
            @TimeoutMs, @TimeoutAt, @State, @Phase, @Reason, @Node, @StartedAt, @EndedAt, @DeleteRequested)
        """;

    private const string Update =
        """
        update sandboxes set updated_at = @UpdatedAt, timeout_ms = @TimeoutMs, timeout_at = @TimeoutAt, state = @State,
            phase = @Phase, reason = @Reason, node = @Node, started_at = @StartedAt, ended_at = @EndedAt,
            delete_requested = @DeleteRequested
        where id = @Id
        """;

    private const string AppendEvent =
        """
        insert into sandbox_events (sandbox, at, from_state, to_state, reason, cause)
        values (@Sandbox, @At, @FromState, @ToState, @Reason, @Cause)
        """;

    /// <param name="cause">Who or what brought it about: a user, the node, the timer.</param>
    public Task InsertAsync(Sandbox sandbox, string cause) => database.WriteAsync(connection =>
    {
        connection.Execute(Insert, SandboxRow.Of(sandbox));
        return connection.Execute(AppendEvent, Event(null, sandbox, cause));
    });

    public Task UpdateAsync(Sandbox before, Sandbox after, string cause) => database.WriteAsync(connection =>
    {
        if (connection.Execute(Update, SandboxRow.Of(after)) != 1)
        {
            throw new InvalidOperationException($"the record of sandbox {after.Id} is gone");
        }

        return connection.Execute(AppendEvent, Event(before, after, cause));
    });

    public Task RemoveAsync(SandboxId id) =>
        database.WriteAsync(connection => connection.Execute("delete from sandboxes where id = @Id", new { Id = id.Value }));

    public Sandbox? Find(SandboxId id) => database.Read(connection => connection.QuerySingleOrDefault<SandboxRow>(
        "select * from sandboxes where id = @Id", new { Id = id.Value }))?.ToSandbox();

    /// <summary>Those for which something is left to do or to watch: not over, or over with their delete still to be done.</summary>
    public IReadOnlyList<Sandbox> Unfinished() => database.Read(connection => connection.Query<SandboxRow>(
        "select * from sandboxes where state not in ('terminated', 'failed') or delete_requested order by id"))
        .Select(row => row.ToSandbox()).ToList();

    public IReadOnlyList<SandboxEvent> Events(SandboxId id) => database.Read(connection => connection.Query<EventRow>(
        "select * from sandbox_events where sandbox = @Id order by seq", new { Id = id.Value }))
        .Select(row => row.ToEvent()).ToList();

    public SandboxPage List(UserId owner, SandboxQuery query)
    {
        (string where, DynamicParameters parameters) = Where(owner, query);
        string direction = query.Descending ? "desc" : "asc";
        string page = $"select * from sandboxes s where {where} order by {Column(query.Sort)} {direction}, id {direction} limit @limit offset @offset";
        parameters.Add("limit", query.Limit);
        parameters.Add("offset", query.Offset);
        return database.Read(connection => new SandboxPage(
            [.. connection.Query<SandboxRow>(page, parameters).Select(row => row.ToSandbox())],
            connection.QuerySingle<int>($"select count(*) from sandboxes s where {where}", parameters)));
    }

    // Only constant text enters the SQL; everything that a caller says is a parameter.
    private static (string Where, DynamicParameters Parameters) Where(UserId owner, SandboxQuery query)
    {
        var where = new StringBuilder("owner = @owner");
        var parameters = new DynamicParameters();
        parameters.Add("owner", owner.Value);
        if (query.States.Count > 0)
        {
            where.Append(" and state in @states");
            parameters.Add("states", query.States.Select(SandboxRow.Word).ToArray());
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

    private static string Column(SandboxSort sort) => sort switch
    {
        SandboxSort.CreatedAt => "created_at",
        SandboxSort.UpdatedAt => "updated_at",
        SandboxSort.Name => "fold(name)",
        SandboxSort.State => "state",
        SandboxSort.TimeoutAt => "timeout_at",
        _ => throw new ArgumentOutOfRangeException(nameof(sort)),
    };

    private static EventRow Event(Sandbox? before, Sandbox after, string cause) => new()
    {
        Sandbox = after.Id.Value,
        At = after.UpdatedAt.ToUnixTimeMilliseconds(),
        FromState = before is null ? null : SandboxRow.Word(before.State),
        ToState = SandboxRow.Word(after.State),
        Reason = after.Reason,
        Cause = cause,
    };

    private sealed class EventRow
    {
        public long Seq { get; set; }
        public string Sandbox { get; set; } = "";
        public long At { get; set; }
        public string? FromState { get; set; }
        public string ToState { get; set; } = "";
        public string Reason { get; set; } = "";
        public string Cause { get; set; } = "";

        public SandboxEvent ToEvent() => new(
            Seq, DateTimeOffset.FromUnixTimeMilliseconds(At), FromState is null ? null : Enum.Parse<SandboxState>(FromState, true),
            Enum.Parse<SandboxState>(ToState, true), Reason, Cause);
    }
}

/// <summary>One transition of a sandbox, as it was remembered.</summary>
/// <param name="From">Null for the creation.</param>
internal sealed record SandboxEvent(long Seq, DateTimeOffset At, SandboxState? From, SandboxState To, string Reason, string Cause);
