using Atoll.Domain;
using Atoll.Domain.Sandboxes;
using Atoll.Domain.Tenancy;
using Dapper;
using Microsoft.Data.Sqlite;

namespace Atoll.Control.Stores;

/// <summary>Remembers quotas that differ from the default, and holds sandboxes to them.</summary>
internal sealed class QuotaStore(Database database, ControlOptions options)
{
    /// <summary>
    /// Refuses a sandbox that is one too many for its owner or its project. Part of the transaction that stores it, so that two
    /// at the same moment never both have the last place.
    /// </summary>
    /// <param name="comesBack">It is there already, without processors and memory, and gets them again.</param>
    public void Check(SqliteConnection connection, Sandbox wanted, bool comesBack)
    {
        CheckOne(connection, wanted, "owner", wanted.Owner.Value, "your quota", options.UserQuota, comesBack);
        CheckProject(connection, wanted, comesBack);
    }

    /// <summary>The same for its project alone, into which it is put.</summary>
    public void CheckProject(SqliteConnection connection, Sandbox wanted, bool comesBack = false) => CheckOne(
        connection, wanted, "project", wanted.Project.Value, "the project's quota", options.ProjectQuota, comesBack);

    public QuotaState OfUser(UserId user) => database.Read(connection => State(connection, user, null));

    public QuotaState OfProject(UserId owner, ProjectId project) => database.Read(connection => State(connection, owner, project));

    /// <summary>The users' and projects' that were given one.</summary>
    public IReadOnlyList<QuotaState> Given() => database.Read(connection => connection
        .Query<QuotaRow>("select * from quotas order by subject").ToArray()
        .Select(row => State(connection, new UserId(row.Owner), row.Subject == row.Owner ? null : new ProjectId(row.Subject))).ToArray());

    public Task SetAsync(UserId owner, ProjectId? project, Quota quota) =>
        database.WriteAsync(connection => Set(connection, owner, project, quota));

    private static int Set(SqliteConnection connection, UserId owner, ProjectId? project, Quota quota)
    {
        string subject = project?.Value ?? owner.Value;
        connection.Execute("delete from quotas where subject = @subject", new { subject });
        return quota == new Quota() ? 0 : connection.Execute(
            """
            insert into quotas (subject, owner, sandboxes, cpu_count, memory_mb, storage_gb)
            values (@subject, @owner, @Sandboxes, @CpuCount, @MemoryMb, @StorageGb)
            """,
            new { subject, owner = owner.Value, quota.Sandboxes, quota.CpuCount, quota.MemoryMb, quota.StorageGb });
    }

    /// <summary>Adds a request; <see cref="FaultCode.QuotaExceeded"/> when too many are open.</summary>
    public Task InsertAsync(QuotaRequest request) => database.WriteAsync(connection =>
    {
        int open = connection.QuerySingle<int>(
            "select count(*) from quota_requests where owner = @owner and state = 'pending'", new { owner = request.Owner.Value });
        if (open >= IQuotas.MaxPending)
        {
            throw new Fault(FaultCode.QuotaExceeded, $"{open} of your requests are open: wait until they are decided").AsException();
        }

        return connection.Execute(
            """
            insert into quota_requests (id, owner, project, sandboxes, cpu_count, memory_mb, storage_gb, reason, state, note, created_at)
            values (@Id, @Owner, @Project, @Sandboxes, @CpuCount, @MemoryMb, @StorageGb, @Reason, 'pending', '', @CreatedAt)
            on conflict (id) do nothing
            """,
            new
            {
                request.Id, Owner = request.Owner.Value, Project = request.Project?.Value, request.Wanted.Sandboxes, request.Wanted.CpuCount,
                request.Wanted.MemoryMb, request.Wanted.StorageGb, request.Reason, CreatedAt = request.CreatedAt.ToUnixTimeMilliseconds(),
            });
    });

    /// <summary>Decides a request and, when granted, gives what it asks for, beside what was given before.</summary>
    public Task<QuotaRequest> DecideAsync(string id, bool grant, string note, DateTimeOffset now) => database.WriteAsync(connection =>
    {
        QuotaRequest request = connection.QuerySingleOrDefault<RequestRow>("select * from quota_requests where id = @id", new { id })?.ToRequest()
            ?? throw Fault.NotFound("quota request", id).AsException();
        if (request.State is not QuotaRequestState.Pending)
        {
            throw new Fault(FaultCode.WrongState, $"the request was {SandboxRow.Word(request.State)} already").AsException();
        }

        QuotaRequest decided = request with { State = grant ? QuotaRequestState.Granted : QuotaRequestState.Refused, Note = note, DecidedAt = now };
        connection.Execute(
            "update quota_requests set state = @state, note = @note, decided_at = @now where id = @id",
            new { state = SandboxRow.Word(decided.State), note, now = now.ToUnixTimeMilliseconds(), id });
        if (grant)
        {
            Set(connection, request.Owner, request.Project, request.Wanted.Or(Own(connection, request.Project?.Value ?? request.Owner.Value)));
        }

        return decided;
    });

    /// <param name="owner">Null for everybody's.</param>
    public QuotaRequestPage Requests(UserId? owner, int offset, int limit) => database.Read(connection =>
    {
        var parameters = new { owner = owner?.Value, offset, limit };
        return new QuotaRequestPage(
            [.. connection.Query<RequestRow>(
                "select * from quota_requests where @owner is null or owner = @owner order by id desc limit @limit offset @offset", parameters)
                .Select(row => row.ToRequest())],
            connection.QuerySingle<int>("select count(*) from quota_requests where @owner is null or owner = @owner", parameters));
    });

    private QuotaState State(SqliteConnection connection, UserId owner, ProjectId? project)
    {
        Quota own = Own(connection, project?.Value ?? owner.Value);
        return new QuotaState(
            owner, project, own, own.Or(project is null ? options.UserQuota : options.ProjectQuota),
            project is { } one ? Used(connection, "project", one.Value, "") : Used(connection, "owner", owner.Value, ""));
    }

    private static void CheckOne(
        SqliteConnection connection, Sandbox wanted, string column, string subject, string whose, Quota standard, bool comesBack)
    {
        Quota limits = Own(connection, subject).Or(standard);
        if (limits == new Quota())
        {
            return;
        }

        QuotaUse used = Used(connection, column, subject, wanted.Id.Value);
        SandboxResources size = wanted.Resources;
        bool isActive = wanted.State is not SandboxState.Paused;
        (string Name, int? Limit, long Used, int More)[] fields =
        [
            ("sandboxes", limits.Sandboxes, used.Sandboxes, comesBack ? 0 : 1),
            ("cpu_count", limits.CpuCount, used.CpuCount, isActive ? size.CpuCount : 0),
            ("memory_mb", limits.MemoryMb, used.MemoryMb, isActive ? size.MemoryMb : 0),
            ("storage_gb", limits.StorageGb, used.StorageGb, comesBack ? 0 : size.StorageGb),
        ];
        foreach ((string name, int? limit, long now, int more) in fields)
        {
            if (more > 0 && now + more > limit)
            {
                throw new Fault(
                    FaultCode.QuotaExceeded,
                    $"{whose} of {name} is {limit} and {now} are used, this takes {more} more: end or pause sandboxes, or ask for a larger quota").AsException();
            }
        }
    }

    private static Quota Own(SqliteConnection connection, string subject) => connection
        .QuerySingleOrDefault<QuotaRow>("select * from quotas where subject = @subject", new { subject })?.ToQuota() ?? new Quota();

    // Only constant text enters the SQL. Which states are over is said as the partial indexes say it, which are used only then.
    private static QuotaUse Used(SqliteConnection connection, string column, string subject, string except) => connection.QuerySingle<UseRow>(
        $"""
        select count(*) as sandboxes, coalesce(sum(cpu_count * (state <> 'paused')), 0) as cpu_count,
            coalesce(sum(memory_mb * (state <> 'paused')), 0) as memory_mb, coalesce(sum(storage_gb), 0) as storage_gb
        from sandboxes where {column} = @subject and id <> @except and state not in ('terminated', 'failed')
        """,
        new { subject, except }).ToUse();

    private sealed class UseRow
    {
        public long Sandboxes { get; set; }
        public long CpuCount { get; set; }
        public long MemoryMb { get; set; }
        public long StorageGb { get; set; }

        public QuotaUse ToUse() => new(Sandboxes, CpuCount, MemoryMb, StorageGb);
    }

    private class QuotaRow
    {
        public string Subject { get; set; } = "";
        public string Owner { get; set; } = "";
        public int? Sandboxes { get; set; }
        public int? CpuCount { get; set; }
        public int? MemoryMb { get; set; }
        public int? StorageGb { get; set; }

        public Quota ToQuota() => new(Sandboxes, CpuCount, MemoryMb, StorageGb);
    }

    private sealed class RequestRow : QuotaRow
    {
        public string Id { get; set; } = "";
        public string? Project { get; set; }
        public string Reason { get; set; } = "";
        public string State { get; set; } = "";
        public string Note { get; set; } = "";
        public long CreatedAt { get; set; }
        public long? DecidedAt { get; set; }

        public QuotaRequest ToRequest() => new(
            Id, new UserId(Owner), Project is null ? null : new ProjectId(Project), ToQuota(), Reason,
            Enum.Parse<QuotaRequestState>(State, ignoreCase: true), Note, DateTimeOffset.FromUnixTimeMilliseconds(CreatedAt),
            DecidedAt is { } decided ? DateTimeOffset.FromUnixTimeMilliseconds(decided) : null);
    }
}
