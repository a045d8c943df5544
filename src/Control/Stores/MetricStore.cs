using System.Text.Json;
using Atoll.Domain.Metrics;
using Atoll.Domain.Sandboxes;
using Atoll.Domain.Tenancy;
using Dapper;
using Microsoft.Data.Sqlite;

namespace Atoll.Control.Stores;

/// <summary>
/// Remembers samples. Both tables are ordered by moment, then sandbox: a round of samples is written in one place, what is too
/// old goes in one piece, and, as all moments lie on one grid, one sandbox's are found by their keys.
/// </summary>
internal sealed class MetricStore(Database database)
{
    private const string Columns = "cpu, memory, memory_total, cache, disk, disk_total";
    private static readonly long Grid = (long)ISandboxMetrics.Interval.TotalMilliseconds;
    private const long Minute = 60_000;

    /// <summary>Those that can be looked at.</summary>
    public IReadOnlyList<(SandboxId Id, int CpuCount)> Running() => database.Read(connection => connection
        .Query<(string Id, int CpuCount)>("select id, cpu_count from sandboxes where state in ('running', 'forking')")
        .Select(row => (SandboxId.Parse(row.Id), row.CpuCount)).ToList());

    /// <summary>Stores a round of samples, averages the minutes that are over, and forgets what is too old, in one transaction.</summary>
    /// <param name="at">The moment of the round, on the grid.</param>
    public Task AppendAsync(DateTimeOffset at, IReadOnlyCollection<(SandboxId Id, SandboxMetric Metric)> samples) => database.WriteAsync(connection =>
    {
        long now = at.ToUnixTimeMilliseconds();
        connection.Execute(
            $"""
            insert or replace into metric_samples (at, sandbox, {Columns})
            select @at, @Sandbox, @Cpu, @Memory, @MemoryTotal, @Cache, @Disk, @DiskTotal where exists (select 1 from sandboxes where id = @Sandbox)
            """,
            samples.OrderBy(sample => sample.Id.Value, StringComparer.Ordinal).Select(sample => new
            {
                at = now, Sandbox = sample.Id.Value, Cpu = sample.Metric.CpuUsedPercent, Memory = sample.Metric.MemoryUsed,
                sample.Metric.MemoryTotal, Cache = sample.Metric.MemoryCache, Disk = sample.Metric.DiskUsed, sample.Metric.DiskTotal,
            }));
        AverageMinutes(connection, now);
        connection.Execute("delete from metric_samples where at < @before", new { before = now - (long)ISandboxMetrics.SamplesKept.TotalMilliseconds });
        return connection.Execute("delete from metric_minutes where at < @before", new { before = now - (long)ISandboxMetrics.MinutesKept.TotalMilliseconds });
    });

    /// <summary>What is kept of a sandbox from one moment to another, oldest first: samples where there are any, minutes before.</summary>
    public IReadOnlyList<SandboxMetric> Read(SandboxId id, DateTimeOffset from, DateTimeOffset to, DateTimeOffset now)
    {
        long start = from.ToUnixTimeMilliseconds(), end = to.ToUnixTimeMilliseconds();
        long present = now.ToUnixTimeMilliseconds();
        long fine = Math.Max(start, present - (long)ISandboxMetrics.SamplesKept.TotalMilliseconds);
        long coarse = Math.Max(start, present - (long)ISandboxMetrics.MinutesKept.TotalMilliseconds);
        return database.Read(connection => Rows(connection, "metric_minutes", id, coarse, Math.Min(end, fine - 1), Minute)
            .Concat(Rows(connection, "metric_samples", id, fine, Math.Min(end, present), Grid)).ToList());
    }

    /// <summary>What the user's sandboxes are and were; the averages of use are not told.</summary>
    public (SandboxTotals Totals, IReadOnlyList<SandboxId> Running) Totals(UserId owner, DateTimeOffset now) => database.Read(connection =>
    {
        // One that ended while it was paused has its time in the phases before.
        (int total, int running, int terminated, int failed, double uptime) = connection.QuerySingle<(int, int, int, int, double)>(
            """
            select count(*), coalesce(sum(state = 'running'), 0), coalesce(sum(state = 'terminated'), 0), coalesce(sum(state = 'failed'), 0),
                coalesce(total(ran_before_ms + case
                    when started_at is null then 0
                    when state in ('running', 'pausing', 'forking') then max(0, @now - started_at)
                    when ended_at is not null and (paused_at is null or paused_at < started_at) then max(0, ended_at - started_at)
                    else 0 end), 0)
            from sandboxes where owner = @owner
            """,
            new { owner = owner.Value, now = now.ToUnixTimeMilliseconds() });
        List<SandboxId> ids = [.. connection.Query<string>(
            "select id from sandboxes where owner = @owner and state = 'running'", new { owner = owner.Value }).Select(SandboxId.Parse)];
        return (new SandboxTotals(total, running, terminated, failed, 0, 0, TimeSpan.FromMilliseconds(uptime)), ids);
    });

    // Moments are those at which minutes end. What was written before a restart is averaged after it.
    private static void AverageMinutes(SqliteConnection connection, long now)
    {
        long done = connection.QuerySingle<long?>("select max(at) from metric_minutes") ?? 0;
        long over = now / Minute * Minute;
        if (done < over)
        {
            connection.Execute(
                $"""
                insert or replace into metric_minutes (at, sandbox, {Columns})
                select (at / {Minute} + 1) * {Minute}, sandbox, avg(cpu), cast(avg(memory) as integer), max(memory_total),
                    cast(avg(cache) as integer), cast(avg(disk) as integer), max(disk_total)
                from metric_samples where at >= @done and at < @over group by at / {Minute}, sandbox
                """,
                new { done, over });
        }
    }

    private static IEnumerable<SandboxMetric> Rows(SqliteConnection connection, string table, SandboxId id, long from, long to, long grid)
    {
        List<long> moments = [];
        for (long at = (from + grid - 1) / grid * grid; at <= to; at += grid)
        {
            moments.Add(at);
        }

        return connection.Query<MetricRow>(
            $"select at, {Columns} from {table} where sandbox = @id and at in (select value from json_each(@moments)) order by at",
            new { id = id.Value, moments = JsonSerializer.Serialize(moments) }).Select(row => row.ToMetric());
    }

    private sealed class MetricRow
    {
        public long At { get; set; }
        public double Cpu { get; set; }
        public long Memory { get; set; }
        public long MemoryTotal { get; set; }
        public long Cache { get; set; }
        public long Disk { get; set; }
        public long DiskTotal { get; set; }

        public SandboxMetric ToMetric() => new()
        {
            At = DateTimeOffset.FromUnixTimeMilliseconds(At), CpuUsedPercent = Cpu, MemoryUsed = Memory, MemoryTotal = MemoryTotal,
            MemoryCache = Cache, DiskUsed = Disk, DiskTotal = DiskTotal,
        };
    }
}
