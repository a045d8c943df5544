using Atoll.Control.Recovery;
using Atoll.Control.Stores;
using Atoll.Domain;
using Atoll.Domain.Events;
using Atoll.Domain.Sandboxes;
using Atoll.Domain.Tenancy;
using Atoll.Domain.Usage;
using Atoll.Unit.Control;
using Dapper;
using Microsoft.Data.Sqlite;
using Xunit;

namespace Atoll.Unit.Usage;

/// <summary>What is remembered of running phases, over the lives of sandboxes and of the server.</summary>
public sealed class UsageLedgerTests
{
    private static readonly TimeSpan Minute = TimeSpan.FromMinutes(1);

    [Fact]
    public async Task A_pause_ends_a_phase_and_a_resume_begins_one_and_what_is_paused_uses_nothing()
    {
        await using ControlWorld world = await StartAsync();
        Sandbox sandbox = await CreateAsync(world);
        DateTimeOffset began = world.Time.GetUtcNow();
        world.Time.Advance(10 * Minute);
        await world.PauseAsync(sandbox.Id);
        world.Time.Advance(60 * Minute);
        Assert.Equal((1, 0, 10), await TotalsAsync(world));
        await world.ResumeAsync(sandbox.Id);
        world.Time.Advance(5 * Minute);
        Assert.Equal((2, 1, 15), await TotalsAsync(world));
        await world.Sandboxes.DeleteAsync(world.Root, sandbox.Id, default);
        await world.UntilAsync(sandbox.Id, seen => seen is null);
        world.Time.Advance(60 * Minute);

        Assert.Equal((2, 0, 15), await TotalsAsync(world));
        Assert.Equal(
            [
                (began + (70 * Minute), began + (75 * Minute), EventTypes.SandboxResumed, EventTypes.SandboxStopped),
                (began, began + (10 * Minute), EventTypes.SandboxStarted, EventTypes.SandboxPaused),
            ],
            (await SessionsAsync(world)).Select(phase => (phase.StartedAt, phase.EndedAt, phase.Began, phase.Ended)));
    }

    [Fact]
    public async Task A_capture_and_a_pause_that_fails_are_within_one_phase()
    {
        bool fails = false;
        await using ControlWorld world = await StartAsync(w => w.OnStep = (_, step, _) =>
            fails && step == "capture" ? throw new IOException("a broken disk") : Task.CompletedTask);
        Sandbox sandbox = await CreateAsync(world);
        world.Time.Advance(Minute);
        await world.SnapshotAsync(sandbox.Id, null);
        world.Time.Advance(Minute);
        fails = true;
        await ControlWorld.FaultAsync(() => world.PauseAsync(sandbox.Id));
        await world.UntilAsync(sandbox.Id, SandboxState.Running);
        world.Time.Advance(Minute);

        Assert.Equal((1, 1, 3), await TotalsAsync(world));
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task A_phase_goes_on_over_a_restart_of_the_server_and_over_its_death(bool killed)
    {
        await using ControlWorld world = await StartAsync();
        await CreateAsync(world);
        world.Time.Advance(10 * Minute);
        await (killed ? world.KillAsync() : world.StopAsync());
        world.Time.Advance(10 * Minute);
        await world.StartControlAsync();
        world.Time.Advance(10 * Minute);

        Assert.Equal((1, 1, 30), await TotalsAsync(world));
    }

    [Fact]
    public async Task What_a_reboot_ends_is_a_phase_that_failed()
    {
        await using ControlWorld world = await StartAsync();
        Sandbox sandbox = await CreateAsync(world);
        world.Time.Advance(10 * Minute);
        await world.KillAsync();
        world.LoseMachine();
        await world.StartControlAsync();
        await world.UntilAsync(sandbox.Id, SandboxState.Failed);
        world.Time.Advance(10 * Minute);

        UsageTotals totals = await world.Get<IUsage>().SummaryAsync(world.Root, Span(world), default);
        Assert.Equal((1L, 0L, 1L, 10 * 60_000), (totals.Sessions, totals.Active, totals.Failed, (long)totals.RunningMs));
    }

    [Fact]
    public async Task Another_project_gets_a_phase_of_its_own_from_the_moment_of_the_move()
    {
        await using ControlWorld world = await StartAsync();
        Sandbox sandbox = await CreateAsync(world);
        Project other = await world.Get<IProjects>().CreateAsync(world.Root, "other", "", default);
        world.Time.Advance(10 * Minute);
        await world.Get<IProjects>().MoveAsync(world.Root, sandbox.Id, other.Id, onlyRunning: false, default);
        world.Time.Advance(5 * Minute);

        IReadOnlyList<UsageGroup> projects = await world.Get<IUsage>().GroupsAsync(world.Root, Span(world), UsageGrouping.Project, default);
        Assert.Equal(
            new[] { (sandbox.Project.Value, 10), (other.Id.Value, 5) }.Order(),
            projects.Select(group => (group.Key, (int)(group.Totals.RunningMs / 60_000))).Order());
        UsageTotals ofOne = await world.Get<IUsage>().SummaryAsync(world.Root, Span(world) with { Project = other.Id.Value }, default);
        Assert.Equal(5 * 60_000, (long)ofOne.RunningMs);
    }

    [Fact]
    public async Task Sums_by_hour_day_and_template_are_the_sum_to_the_millisecond()
    {
        await using ControlWorld world = await StartAsync();
        DateTimeOffset now = world.Time.GetUtcNow();
        var random = new Random(7);
        var phases = Enumerable.Range(0, 300).Select(number =>
        {
            long start = now.ToUnixTimeMilliseconds() - random.NextInt64(40L * 86_400_000);
            return new { number = $"{number:D26}", start, end = number % 7 == 0 ? null : (long?)(start + random.NextInt64(3L * 86_400_000)), cpu = random.Next(1, 9), template = $"tpl-{number % 3}" };
        });
        await world.Get<Database>().WriteAsync(connection => connection.Execute(
            """
            insert into usage_sessions (id, sandbox, owner, project, name, template, template_name, cpu_count, memory_mb, storage_gb, started_at,
                start_event, start_type, ended_at, end_event, end_type)
            values (@number, @number, 'usr-x', 'prj-x', '', @template, @template, @cpu, 512, 5, @start, '', 'sandbox.started', @end, '', 'sandbox.stopped')
            """, phases.ToArray()));

        var span = new UsageSpan(now.AddDays(-30.3), now.AddDays(0.3));
        IUsage usage = world.Get<IUsage>();
        UsageTotals whole = await usage.SummaryAsync(world.Root, span, default);
        Assert.True(whole.RunningMs > 0);
        foreach (UsageGrouping by in Enum.GetValues<UsageGrouping>())
        {
            IReadOnlyList<UsageGroup> groups = await usage.GroupsAsync(world.Root, span, by, default);
            Assert.Equal(
                (whole.RunningMs, whole.CpuMs, whole.MemoryMbMs, whole.StorageGbMs),
                groups.Aggregate((Int128.Zero, Int128.Zero, Int128.Zero, Int128.Zero), (sum, group) => (
                    sum.Item1 + group.Totals.RunningMs, sum.Item2 + group.Totals.CpuMs, sum.Item3 + group.Totals.MemoryMbMs, sum.Item4 + group.Totals.StorageGbMs)));
        }
    }

    [Fact]
    public async Task What_ended_long_ago_is_forgotten_and_what_goes_on_never()
    {
        await using ControlWorld world = await StartAsync();
        Sandbox over = await CreateAsync(world);
        Sandbox paused = await CreateAsync(world);
        await world.Sandboxes.TerminateAsync(world.Root, over.Id, default);
        await world.AsleepAsync(over.Id);
        StoreUpkeep upkeep = world.Get<StoreUpkeep>();
        await upkeep.RunAsync();
        Assert.Equal(2, Count(world));
        await world.Get<Database>().WriteAsync(connection => connection.Execute(
            "update usage_sessions set started_at = started_at - @by, ended_at = ended_at - @by", new { by = (long)world.Options.KeepUsage.TotalMilliseconds + 1 }));

        await upkeep.RunAsync();

        Assert.Equal(paused.Id.Value, world.Get<Database>().Read(connection => connection.QuerySingle<string>("select sandbox from usage_sessions")));
    }

    [Fact]
    public void Of_sandboxes_that_were_there_before_the_last_phase_is_known()
    {
        using var connection = new SqliteConnection("Data Source=:memory:");
        connection.Open();
        Migrations.Apply(connection, Migrations.Steps.TakeWhile(step => step != UsageSchema.Sessions).Count());
        connection.Execute("insert into users (id, username, email, display_name, is_root, created_at) values ('usr-1', 'ann', '', '', 0, 1)");
        Add("runs", "running", null, null, null);
        Add("over", "terminated", null, null, 500);
        Add("lost", "failed", null, null, 400);
        Add("paused", "paused", 200, 210, null);
        Add("overpaused", "terminated", 200, 210, 900);

        Migrations.Apply(connection);

        Assert.Equal(
            [
                ("lost", 400L, "sandbox.failed"), ("over", 500, "sandbox.stopped"), ("overpaused", 200, "sandbox.paused"),
                ("paused", 200, "sandbox.paused"), ("runs", null, null),
            ],
            connection.Query<(string, long?, string?)>("select sandbox, ended_at, end_type from usage_sessions order by sandbox"));

        void Add(string id, string state, long? pausing, long? paused, long? ended) => connection.Execute(
            """
            insert into sandboxes (id, owner, name, description, template, template_name, cpu_count, memory_mb, storage_gb, auto_pause, secure,
                allow_internet_access, metadata, environment, ports, created_at, updated_at, timeout_ms, state, phase, reason, delete_requested,
                started_at, pausing_at, paused_at, ended_at)
            values (@id, 'usr-1', '', '', '', '', 1, 1, 1, 0, 1, 1, '{}', '{}', '[]', 9, 950, 1, @state, 'none', '', 0, 100, @pausing, @paused, @ended)
            """, new { id, state, pausing, paused, ended });
    }

    private static Task<ControlWorld> StartAsync(Action<ControlWorld>? prepare = null) => ControlWorld.StartAsync(prepare);

    private static Task<Sandbox> CreateAsync(ControlWorld world) => world.CreateAsync(new CreateSandbox { Timeout = TimeSpan.FromHours(6) });

    private static UsageSpan Span(ControlWorld world) => new(world.Time.GetUtcNow().AddDays(-1), world.Time.GetUtcNow().AddDays(1));

    /// <summary>Phases, those of them that go on, and minutes.</summary>
    private static async Task<(int, int, int)> TotalsAsync(ControlWorld world)
    {
        UsageTotals totals = await world.Get<IUsage>().SummaryAsync(world.Root, Span(world), default);
        Assert.Equal((totals.RunningMs * 2, totals.Sessions), (totals.CpuMs, (await SessionsAsync(world)).Count));
        return ((int)totals.Sessions, (int)totals.Active, (int)(totals.RunningMs / 60_000));
    }

    private static async Task<IReadOnlyList<UsageSession>> SessionsAsync(ControlWorld world) =>
        (await world.Get<IUsage>().SessionsAsync(world.Root, Span(world), 0, 100, default)).Sessions;

    private static int Count(ControlWorld world) =>
        world.Get<Database>().Read(connection => connection.QuerySingle<int>("select count(*) from usage_sessions"));
}
