using System.Text;
using Atoll.Domain.Sandboxes;
using Atoll.Domain.Tenancy;
using Atoll.Domain.Usage;
using Dapper;

namespace Atoll.Control.Stores;

/// <summary>Reads running phases. What a query looks at are those of its span, found by index.</summary>
internal sealed class UsageStore(Database database)
{
    // An open phase has no end, so it comes by an index of its own.
    private const string Within = "started_at < @end and (ended_at > @start or ended_at is null)";

    /// <summary>Sums by size, so that the products stay exact.</summary>
    private const string Sums =
        """
        select {0} as key, {1} as name, cpu_count, memory_mb, storage_gb, count(*) as sessions, sum(ended_at is null) as active,
            sum(coalesce(end_type = 'sandbox.failed', 0)) as failed,
            sum(max(0, min(coalesce(ended_at, @now), @end) - max(started_at, @start))) as ms
        from usage_sessions where {2} group by 1, cpu_count, memory_mb, storage_gb order by 1
        """;

    private const string Began = "select s.*, start_event as event, start_type as type, started_at as at from usage_sessions s";
    private const string Ended = "select s.*, end_event as event, end_type as type, ended_at as at from usage_sessions s";

    public UsageTotals Summary(UserId? owner, UsageSpan span, DateTimeOffset now) =>
        Groups(owner, span, "''", "''", now) is [{ } all] ? all.Totals : UsageTotals.None;

    /// <param name="key">Constant text: what to group by.</param>
    /// <param name="name">Constant text: what the group is called.</param>
    public IReadOnlyList<UsageGroup> Groups(UserId? owner, UsageSpan span, string key, string name, DateTimeOffset now) => database.Read(connection =>
    {
        (string where, DynamicParameters parameters) = Where(owner, span, Within);
        parameters.Add("now", now.ToUnixTimeMilliseconds());
        return connection.Query<SumRow>(string.Format(null, Sums, key, name, where), parameters)
            .GroupBy(row => row.Key)
            .Select(rows => new UsageGroup(rows.Key, rows.Last().Name, rows.Aggregate(UsageTotals.None, (sum, row) => sum.With(
                new SandboxResources(row.CpuCount, row.MemoryMb, row.StorageGb), row.Ms, row.Sessions, row.Active, row.Failed))))
            .ToList();
    });

    /// <summary>Shows each phase of which a part is within the span, one after the other.</summary>
    public void Scan(UserId? owner, UsageSpan span, Action<UsageSession> show) => database.Read(connection =>
    {
        (string where, DynamicParameters parameters) = Where(owner, span, Within);
        foreach (SessionRow row in connection.Query<SessionRow>($"select * from usage_sessions where {where}", parameters, buffered: false))
        {
            show(row.ToSession());
        }

        return 0;
    });

    public UsageSessions List(UserId? owner, UsageSpan span, int offset, int limit) => database.Read(connection =>
    {
        (string where, DynamicParameters parameters) = Where(owner, span, "started_at >= @start and started_at < @end");
        parameters.AddDynamicParams(new { offset, limit });
        return new UsageSessions(
            [.. connection.Query<SessionRow>(
                $"select * from usage_sessions where {where} order by started_at desc, seq desc limit @limit offset @offset", parameters).Select(row => row.ToSession())],
            connection.QuerySingle<int>($"select count(*) from usage_sessions where {where}", parameters));
    });

    public UsageEvents Events(UserId? owner, UsageSpan span, string? type, int offset, int limit) => database.Read(connection =>
    {
        (string began, DynamicParameters parameters) = Where(owner, span, "started_at >= @start and started_at < @end");
        (string ended, _) = Where(owner, span, "ended_at >= @start and ended_at < @end");
        parameters.AddDynamicParams(new { offset, limit, type });
        string all = $"select * from ({Began} where {began} union all {Ended} where {ended}) where @type is null or type = @type";
        return new UsageEvents(
            [.. connection.Query<SessionRow>($"{all} order by at desc, seq desc limit @limit offset @offset", parameters).Select(row => row.ToEvent())],
            connection.QuerySingle<int>($"select count(*) from ({all})", parameters));
    });

    /// <summary>Whether a phase of this sandbox or project is remembered.</summary>
    public bool Knows(UserId? owner, string? sandbox = null, string? project = null) => database.Read(connection => connection.QuerySingle<bool>(
        """
        select exists (select 1 from usage_sessions
            where (@owner is null or owner = @owner) and (@sandbox is null or sandbox = @sandbox) and (@project is null or project = @project))
        """,
        new { owner = owner?.Value, sandbox, project }));

    /// <summary>Removes the phases that ended before a moment.</summary>
    public Task TrimAsync(DateTimeOffset before) => database.WriteAsync(connection => connection.Execute(
        "delete from usage_sessions where ended_at < @before", new { before = before.ToUnixTimeMilliseconds() }));

    // Only constant text enters the SQL; everything that a caller says is a parameter.
    private static (string Where, DynamicParameters Parameters) Where(UserId? owner, UsageSpan span, string within)
    {
        var where = new StringBuilder(within);
        var parameters = new DynamicParameters();
        parameters.Add("start", span.Start.ToUnixTimeMilliseconds());
        parameters.Add("end", span.End.ToUnixTimeMilliseconds());
        Restrict("owner", owner?.Value);
        Restrict("project", span.Project);
        Restrict("sandbox", span.Sandbox?.Value);
        return (where.ToString(), parameters);

        void Restrict(string column, string? value)
        {
            if (value is not null)
            {
                where.Append($" and {column} = @{column}");
                parameters.Add(column, value);
            }
        }
    }

    private sealed class SumRow
    {
        public string Key { get; set; } = "";
        public string Name { get; set; } = "";
        public int CpuCount { get; set; }
        public int MemoryMb { get; set; }
        public int StorageGb { get; set; }
        public long Sessions { get; set; }
        public long Active { get; set; }
        public long Failed { get; set; }
        public long Ms { get; set; }
    }

    private sealed class SessionRow
    {
        public string Id { get; set; } = "";
        public string Sandbox { get; set; } = "";
        public string Owner { get; set; } = "";
        public string Project { get; set; } = "";
        public string Name { get; set; } = "";
        public string Template { get; set; } = "";
        public string TemplateName { get; set; } = "";
        public int CpuCount { get; set; }
        public int MemoryMb { get; set; }
        public int StorageGb { get; set; }
        public long StartedAt { get; set; }
        public string StartType { get; set; } = "";
        public long? EndedAt { get; set; }
        public string? EndType { get; set; }
        public string Event { get; set; } = "";
        public string Type { get; set; } = "";
        public long At { get; set; }

        public UsageSession ToSession() => new(
            Id, SandboxId.Parse(Sandbox), new UserId(Owner), Project, Name, Template, TemplateName, new SandboxResources(CpuCount, MemoryMb, StorageGb),
            DateTimeOffset.FromUnixTimeMilliseconds(StartedAt),
            EndedAt is { } ended ? DateTimeOffset.FromUnixTimeMilliseconds(ended) : null, StartType, EndType);

        public UsageEvent ToEvent() => new(Event, Type, DateTimeOffset.FromUnixTimeMilliseconds(At), ToSession());
    }
}
