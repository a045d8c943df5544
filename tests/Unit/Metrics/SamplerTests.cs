using Atoll.Control.Metrics;
using Atoll.Control.Stores;
using Atoll.Domain;
using Atoll.Domain.Metrics;
using Atoll.Domain.Nodes;
using Atoll.Domain.Sandboxes;
using Atoll.Unit.Control;
using Dapper;
using Xunit;

namespace Atoll.Unit.Metrics;

/// <summary>What is kept of what sandboxes used, under a clock of the tests' own.</summary>
public sealed class SamplerTests
{
    private static readonly CreateSandbox Long = new() { Timeout = TimeSpan.FromHours(24) };
    private static readonly TimeSpan Grid = ISandboxMetrics.Interval;

    [Fact]
    public async Task Samples_are_kept_for_an_hour_and_minutes_for_a_day_also_over_a_restart()
    {
        var used = new Used();
        await using ControlWorld world = await ControlWorld.StartAsync(used.Arrange);
        Sandbox sandbox = await world.CreateAsync(Long);
        DateTimeOffset begin = world.Time.GetUtcNow();
        for (int i = 0; i < 24; i++)
        {
            used.Memory = 1000 + i;
            await RoundAsync(world);
        }

        await world.KillAsync();
        await world.StartControlAsync();
        Assert.Equal(
            Enumerable.Range(0, 24).Select(i => (begin + (i * Grid), 1000L + i)), (await PastAsync(world, sandbox.Id)).Select(m => (m.At, m.MemoryUsed)));

        world.Time.Advance(ISandboxMetrics.SamplesKept);
        await RoundAsync(world);
        Assert.Equal(
            [(begin + TimeSpan.FromMinutes(1), 1005L), (begin + TimeSpan.FromMinutes(2), 1017L)],
            (await PastAsync(world, sandbox.Id)).Take(2).Select(m => (m.At, m.MemoryUsed)));
        Assert.Equal(1, Count(world, "metric_samples"));

        world.Time.Advance(ISandboxMetrics.MinutesKept - TimeSpan.FromMinutes(30));
        await RoundAsync(world);
        Assert.DoesNotContain(await PastAsync(world, sandbox.Id), metric => metric.At < begin + TimeSpan.FromMinutes(10));
        Assert.Equal(0, Count(world, "metric_minutes where at <= (select min(at) from metric_minutes) and memory < 1020"));
    }

    [Fact]
    public async Task Processors_are_used_since_the_last_round_whoever_asked_the_node_meanwhile()
    {
        var used = new Used();
        await using ControlWorld world = await ControlWorld.StartAsync(used.Arrange);
        Sandbox sandbox = await world.CreateAsync(Long);
        await RoundAsync(world);
        used.CpuTime += TimeSpan.FromSeconds(5);
        await world.Node.StatsAsync(sandbox.Id, default);
        await RoundAsync(world);
        used.CpuTime += TimeSpan.FromSeconds(500);
        await RoundAsync(world);

        // Of two processors.
        Assert.Equal([used.Percent, 50, 100], (await PastAsync(world, sandbox.Id)).Select(metric => metric.CpuUsedPercent));
    }

    [Fact]
    public async Task A_sandbox_that_does_not_answer_has_no_sample_and_holds_up_nobody_but_one_round()
    {
        var used = new Used();
        await using ControlWorld world = await ControlWorld.StartAsync(used.Arrange);
        Sandbox silent = await world.CreateAsync(Long);
        used.Silent = silent.Id;
        Task first = SampleAsync(world);
        await used.SilentAsked.Task.WaitAsync(ControlWorld.Bound);
        world.Time.Advance(TimeSpan.FromSeconds(5));
        await first.WaitAsync(ControlWorld.Bound);

        Sandbox other = await world.CreateAsync(Long);
        await SampleAsync(world).WaitAsync(ControlWorld.Bound);
        Assert.Equal(1, used.TimesSilentWasAsked);
        Assert.Equal(1, Count(world, $"metric_samples where sandbox = '{other.Id}'"));
        Assert.Equal(0, Count(world, $"metric_samples where sandbox = '{silent.Id}'"));
    }

    [Fact]
    public async Task A_history_stays_when_its_sandbox_is_over_and_goes_with_the_record()
    {
        await using ControlWorld world = await ControlWorld.StartAsync(new Used().Arrange);
        Sandbox sandbox = await world.CreateAsync(Long);
        Sandbox other = await world.CreateAsync(Long);
        for (int i = 0; i < 14; i++)
        {
            await RoundAsync(world);
        }

        await world.Sandboxes.TerminateAsync(world.Root, sandbox.Id, default);
        await world.UntilAsync(sandbox.Id, SandboxState.Terminated);
        await RoundAsync(world);
        Assert.Equal(14, (await PastAsync(world, sandbox.Id)).Count);

        await world.Sandboxes.DeleteAsync(world.Root, sandbox.Id, default);
        await world.UntilAsync(sandbox.Id, found => found is null);
        Assert.Equal((0, 0), (Count(world, $"metric_samples where sandbox = '{sandbox.Id}'"), Count(world, $"metric_minutes where sandbox = '{sandbox.Id}'")));
        Assert.Equal((15, 1), (Count(world, $"metric_samples where sandbox = '{other.Id}'"), Count(world, $"metric_minutes where sandbox = '{other.Id}'")));
        Assert.Equal(FaultCode.NotFound, (await ControlWorld.FaultAsync(() => PastAsync(world, sandbox.Id))).Code);
    }

    [Theory]
    [InlineData(5, new[] { 10.0, 20, 30, 40, 50, 60 })]
    [InlineData(10, new[] { 15.0, 35, 55 })]
    [InlineData(60, new[] { 35.0 })]
    public void What_lies_within_a_step_is_one_average(int step, double[] expected)
    {
        SandboxMetric[] samples = [.. Enumerable.Range(0, 6).Select(i => Metric(DateTimeOffset.UnixEpoch + (i * Grid), (i + 1) * 10))];

        Assert.Equal(expected, SampledMetrics.Average(samples, TimeSpan.FromSeconds(step)).Select(metric => metric.CpuUsedPercent));
    }

    [Theory]
    [InlineData(0, 0)]
    [InlineData(2.4, 0)]
    [InlineData(2.6, 5)]
    [InlineData(59.9, 60)]
    public void A_round_belongs_to_the_nearest_moment_of_the_grid(double seconds, int expected) => Assert.Equal(
        DateTimeOffset.UnixEpoch.AddSeconds(expected), Sampler.OnGrid(DateTimeOffset.UnixEpoch.AddSeconds(seconds)));

    private static async Task RoundAsync(ControlWorld world)
    {
        await SampleAsync(world);
        world.Time.Advance(Grid);
    }

    private static Task SampleAsync(ControlWorld world) => world.Get<Sampler>().SampleAsync(Sampler.OnGrid(world.Time.GetUtcNow()), default);

    private static async Task<IReadOnlyList<SandboxMetric>> PastAsync(ControlWorld world, SandboxId id)
    {
        DateTimeOffset now = world.Time.GetUtcNow();
        var window = new MetricWindow(now - TimeSpan.FromDays(2), now - TimeSpan.FromMilliseconds(1));
        return (await world.Get<ISandboxMetrics>().HistoryAsync(world.Root, id, window, default)).Samples;
    }

    private static int Count(ControlWorld world, string from) =>
        world.Get<Database>().Read(connection => connection.QuerySingle<int>($"select count(*) from {from}"));

    private static SandboxMetric Metric(DateTimeOffset at, double cpu) => new()
    {
        At = at, CpuUsedPercent = cpu, MemoryUsed = 1, MemoryTotal = 2, MemoryCache = 0, DiskUsed = 1, DiskTotal = 2,
    };

    /// <summary>A node whose sandboxes use what a test says.</summary>
    private sealed class Used
    {
        private ControlWorld? _world;
        private int _asked;

        public double Percent => 7;

        public long Memory { get; set; } = 1000;

        public TimeSpan CpuTime { get; set; }

        public SandboxId? Silent { get; set; }

        public int TimesSilentWasAsked => _asked;

        public TaskCompletionSource SilentAsked { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);

        public void Arrange(ControlWorld world)
        {
            _world = world;
            world.Between = node => new NodeBetween(node) { Stats = StatsAsync };
        }

        private Task<SandboxStats> StatsAsync(SandboxId id, CancellationToken cancellation)
        {
            if (id == Silent)
            {
                Interlocked.Increment(ref _asked);
                SilentAsked.TrySetResult();
                return new TaskCompletionSource<SandboxStats>().Task;
            }

            return Task.FromResult(new SandboxStats
            {
                At = _world!.Time.GetUtcNow(), CpuTime = CpuTime, CpuUsedPercent = Percent, MemoryUsed = Memory, MemoryTotal = 4000,
                MemoryCache = 1, DiskUsed = 2, DiskTotal = 3,
            });
        }
    }
}
