using Atoll.Agent.Processes;
using Xunit;

namespace Atoll.Unit.Agents;

public sealed class BackPressureTests
{
    private const long Patience = BackPressure.Patience;

    [Theory]
    [InlineData(0, 0)]
    [InlineData(Patience - 1, 0)]
    [InlineData(Patience, BackPressure.Anything)]
    public void Output_that_nobody_reads_is_kept_for_five_seconds_after_the_start(long now, long floor) =>
        Assert.Equal(floor, new BackPressure(0).Floor(now));

    [Fact]
    public void The_slowest_live_reader_decides_what_is_kept()
    {
        var pressure = new BackPressure(0);
        FollowerProgress fast = pressure.Attach(0, 0);
        FollowerProgress slow = pressure.Attach(0, 0);
        pressure.Consume(fast, 500, 100);
        pressure.Consume(slow, 20, 100);

        Assert.Equal(20, pressure.Floor(200));
    }

    [Fact]
    public void A_reader_stalled_for_five_seconds_holds_nothing_back_and_does_again_once_it_reads()
    {
        var pressure = new BackPressure(0);
        FollowerProgress stalled = pressure.Attach(0, 0);
        FollowerProgress reading = pressure.Attach(0, 0);
        pressure.Consume(reading, 500, Patience - 1);

        Assert.Equal(0, pressure.Floor(Patience - 1));
        Assert.Equal(500, pressure.Floor(Patience));
        pressure.Consume(stalled, 30, Patience + 10);
        Assert.Equal(30, pressure.Floor(Patience + 20));
    }

    [Fact]
    public void With_every_reader_stalled_anything_may_go()
    {
        var pressure = new BackPressure(0);
        pressure.Attach(0, 1000);
        Assert.Equal(0, pressure.Floor(1000 + Patience - 1));
        Assert.Equal(BackPressure.Anything, pressure.Floor(1000 + Patience));
    }

    [Fact]
    public void A_reader_that_was_up_to_date_is_not_stalled_when_output_comes_after_a_long_silence()
    {
        var pressure = new BackPressure(0);
        FollowerProgress reader = pressure.Attach(0, 0);
        pressure.Append(0, 100_000);
        Assert.Equal(0, pressure.Floor(100_001));

        pressure.Consume(reader, 10, 100_002);
        pressure.Append(10, 200_000);
        pressure.Append(20, 200_000 + Patience - 1);
        Assert.Equal(10, pressure.Floor(200_000 + Patience - 1));
        Assert.Equal(BackPressure.Anything, pressure.Floor(200_000 + Patience));
    }

    [Fact]
    public void A_reader_that_went_away_leaves_five_seconds_to_come_back_for_what_it_had_not_consumed()
    {
        var pressure = new BackPressure(0);
        FollowerProgress reader = pressure.Attach(0, 0);
        pressure.Consume(reader, 700, 10_000);
        pressure.Detach(reader);

        Assert.Equal(700, pressure.Floor(10_000 + Patience - 1));
        Assert.Equal(BackPressure.Anything, pressure.Floor(10_000 + Patience));
    }

    [Fact]
    public void Consumption_that_does_not_advance_is_no_progress()
    {
        var pressure = new BackPressure(0);
        FollowerProgress reader = pressure.Attach(0, 0);
        pressure.Consume(reader, 0, Patience - 1);
        Assert.Equal(BackPressure.Anything, pressure.Floor(Patience));
    }

    [Theory]
    [InlineData(100, Patience)]
    [InlineData(Patience - 1, Patience)]
    public void The_next_change_is_when_the_patience_ends(long now, long expected) =>
        Assert.Equal(expected, new BackPressure(0).NextChange(now));

    [Fact]
    public void There_is_no_next_change_once_anything_may_go() => Assert.Null(new BackPressure(0).NextChange(Patience));

    [Fact]
    public void The_next_change_is_never_in_the_past()
    {
        var pressure = new BackPressure(0);
        FollowerProgress reader = pressure.Attach(0, 0);
        pressure.Consume(reader, 10, 3000);
        for (long now = 3000; pressure.NextChange(now) is { } next; now = next)
        {
            Assert.True(next > now);
        }
    }
}
