using Atoll.Control.Usage;
using Atoll.Domain.Events;
using Atoll.Domain.Sandboxes;
using Atoll.Domain.Tenancy;
using Atoll.Domain.Usage;
using Xunit;

namespace Atoll.Unit.Usage;

/// <summary>Which hour or day has which part of a running phase.</summary>
public sealed class UsageChartTests
{
    private static readonly DateTimeOffset s_monday = new(2030, 1, 7, 0, 0, 0, TimeSpan.Zero);

    /// <summary>Hours from Monday's midnight: the phase, the span, the present; then hours of running in each day of the span.</summary>
    public static TheoryData<double, double?, double, double, double, double[]> Days() => new()
    {
        { 22.5, 25.25, 0, 48, 100, [1.5, 1.25] },
        { 22.5, 24, 0, 48, 100, [1.5, 0] },
        { 24, 48, 0, 72, 100, [0, 24, 0] },
        { -50, 200, 0, 72, 300, [24, 24, 24] },
        { -50, 200, 6, 30, 300, [18, 6] },
        { 20, null, 0, 72, 26, [4, 2, 0] },
        { 20, null, 0, 24, 26, [4] },
        { 20, null, 0, 72, 19, [0, 0, 0] },
        { -5, 0, 0, 24, 100, [0] },
        { 24, 30, 0, 24, 100, [0] },
        { 10, 10, 0, 24, 100, [0] },
    };

    [Theory]
    [MemberData(nameof(Days))]
    public void Each_day_has_the_part_of_a_phase_that_lies_within_it(
        double start, double? end, double from, double until, double now, double[] hours)
    {
        var chart = new UsageChart(new UsageSpan(At(from), At(until)), TimeSpan.FromDays(1), At(now));
        chart.Add(Phase(start, end));

        IReadOnlyList<UsageGroup> days = chart.Groups();
        Assert.Equal(hours, days.Select(day => (double)day.Totals.RunningMs / 3_600_000));
        Assert.Equal(hours.Select(hour => hour > 0 ? 1L : 0L), days.Select(day => day.Totals.Sessions));
        Assert.Equal(hours.Select(hour => hour > 0 && end is null ? 1L : 0L), days.Select(day => day.Totals.Active));
        Assert.All(days, day => Assert.Equal(
            (day.Totals.RunningMs * 2, day.Totals.RunningMs * 512, day.Totals.RunningMs * 10),
            (day.Totals.CpuMs, day.Totals.MemoryMbMs, day.Totals.StorageGbMs)));
    }

    [Fact]
    public void Hours_begin_at_whole_ones_of_utc_and_the_first_and_last_may_be_parts()
    {
        var chart = new UsageChart(new UsageSpan(At(22.5), At(25.5)), TimeSpan.FromHours(1), At(100));
        chart.Add(Phase(0, 48));

        Assert.Equal(
            [(At(22), 0.5), (At(23), 1), (At(24), 1), (At(25), 0.5)],
            chart.Groups().Select(hour => (DateTimeOffset.FromUnixTimeMilliseconds(long.Parse(hour.Key)), (double)hour.Totals.RunningMs / 3_600_000)));
    }

    [Fact]
    public void A_phase_that_failed_is_told_in_each_day_that_it_touched()
    {
        var chart = new UsageChart(new UsageSpan(At(0), At(72)), TimeSpan.FromDays(1), At(100));
        chart.Add(Phase(20, 30) with { Ended = EventTypes.SandboxFailed });
        Assert.Equal([1L, 1, 0], chart.Groups().Select(day => day.Totals.Failed));
    }

    [Fact]
    public void Days_of_before_1970_are_whole_ones_too()
    {
        var start = new DateTimeOffset(1969, 12, 30, 12, 0, 0, TimeSpan.Zero);
        var chart = new UsageChart(new UsageSpan(start, start.AddDays(1)), TimeSpan.FromDays(1), At(0));
        Assert.Equal(2, chart.Groups().Count);
    }

    internal static DateTimeOffset At(double hours) => s_monday + TimeSpan.FromHours(hours);

    internal static UsageSession Phase(double start, double? end) => new(
        "ses-1", SandboxId.Parse("00000000000000000000000000"), new UserId("usr-1"), "prj-1", "box", "tpl-1", "base", new SandboxResources(2, 512, 10),
        At(start), end is { } hours ? At(hours) : null, EventTypes.SandboxStarted, end is null ? null : EventTypes.SandboxStopped);
}
