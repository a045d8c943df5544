using Atoll.Domain.Tenancy;
using Dapper;

namespace Atoll.Control.Stores;

/// <summary>Remembers the audit log, for so many days and so many entries.</summary>
internal sealed class AuditStore(Database database)
{
    public Task AppendAsync(IReadOnlyCollection<AuditEntry> entries) => database.WriteAsync(connection => connection.Execute(
        """
        insert into audit_log (at, owner, api_key, method, route, target, status, duration_ms, address, request_id, idempotent)
        values (@At, @Owner, @Key, @Method, @Route, @Target, @Status, @DurationMs, @Address, @RequestId, @HasIdempotencyKey)
        """,
        entries.Select(entry => new
        {
            At = entry.At.ToUnixTimeMilliseconds(), Owner = entry.User.Value, entry.Key, entry.Method, entry.Route, entry.Target, entry.Status,
            DurationMs = entry.Duration.TotalMilliseconds, entry.Address, entry.RequestId, entry.HasIdempotencyKey,
        })));

    /// <summary>Removes what is older than a moment, and the oldest of more than so many.</summary>
    public Task PruneAsync(DateTimeOffset before, long most) => database.WriteAsync(connection => connection.Execute(
        "delete from audit_log where at < @before or seq <= (select coalesce(max(seq), 0) from audit_log) - @most",
        new { before = before.ToUnixTimeMilliseconds(), most }));

    public AuditPage List(AuditFilter filter) => database.Read(connection =>
    {
        const string where =
            """
            where (@user is null or owner = @user) and (@target is null or instr(' ' || target || ' ', @target) > 0)
                and (@action is null or method || ' ' || route = @action)
                and (@since is null or at >= @since) and (@until is null or at < @until)
            """;
        var parameters = new
        {
            user = filter.User?.Value, target = filter.Target is null ? null : $" {filter.Target} ", action = filter.Action,
            since = filter.Since?.ToUnixTimeMilliseconds(), until = filter.Until?.ToUnixTimeMilliseconds(), filter.Offset, filter.Limit,
        };
        return new AuditPage(
            [.. connection.Query<AuditRow>($"select * from audit_log {where} order by seq desc limit @Limit offset @Offset", parameters).Select(row => row.ToEntry())],
            connection.QuerySingle<int>($"select count(*) from audit_log {where}", parameters));
    });

    private sealed class AuditRow
    {
        public long Seq { get; set; }
        public long At { get; set; }
        public string Owner { get; set; } = "";
        public string? ApiKey { get; set; }
        public string Method { get; set; } = "";
        public string Route { get; set; } = "";
        public string Target { get; set; } = "";
        public int Status { get; set; }
        public double DurationMs { get; set; }
        public string Address { get; set; } = "";
        public string RequestId { get; set; } = "";
        public bool Idempotent { get; set; }

        public AuditEntry ToEntry() => new()
        {
            Sequence = Seq, At = DateTimeOffset.FromUnixTimeMilliseconds(At), User = new UserId(Owner), Key = ApiKey, Method = Method, Route = Route,
            Target = Target, Status = Status, Duration = TimeSpan.FromMilliseconds(DurationMs), Address = Address, RequestId = RequestId,
            HasIdempotencyKey = Idempotent,
        };
    }
}
