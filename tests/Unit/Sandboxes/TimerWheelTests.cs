using Atoll.Control.Sandboxes;
using Atoll.Domain.Sandboxes;
using Atoll.Unit.Control;
using Xunit;

namespace Atoll.Unit.Sandboxes;

public sealed class TimerWheelTests : IDisposable
{
    private readonly FakeTime _time = new();
    private readonly List<(SandboxId Id, DateTimeOffset At)> _due = [];
    private readonly TimerWheel _wheel;

    public TimerWheelTests() => _wheel = new TimerWheel(_time, id => _due.Add((id, _time.GetUtcNow())));

    public void Dispose() => _wheel.Dispose();

    [Theory]
    [InlineData(1)]
    [InlineData(199)]
    [InlineData(200)]
    [InlineData(60_000)]
    [InlineData(102_400)]
    [InlineData(102_401)]
    [InlineData(86_400_000)]
    public void A_moment_is_reported_once_not_early_and_at_most_a_tick_late(long milliseconds)
    {
        _wheel.Start();
        SandboxId id = SandboxId.New(_time.GetUtcNow());
        DateTimeOffset moment = _time.GetUtcNow().AddMilliseconds(milliseconds);
        _wheel.Schedule(id, moment);

        _time.Advance(TimeSpan.FromMilliseconds(milliseconds) + TimeSpan.FromMinutes(5));

        (SandboxId Id, DateTimeOffset At) reported = Assert.Single(_due);
        Assert.Equal(id, reported.Id);
        Assert.InRange(reported.At - moment, TimeSpan.Zero, TimerWheel.Tick);
        Assert.Equal(0, _wheel.Count);
    }

    [Fact]
    public void A_new_moment_replaces_the_old_one()
    {
        _wheel.Start();
        SandboxId id = SandboxId.New(_time.GetUtcNow());
        _wheel.Schedule(id, _time.GetUtcNow().AddSeconds(10));
        _wheel.Schedule(id, _time.GetUtcNow().AddSeconds(20));

        _time.Advance(TimeSpan.FromSeconds(19));
        Assert.Empty(_due);

        _time.Advance(TimeSpan.FromSeconds(2));
        Assert.Single(_due);
    }

    [Fact]
    public void A_cancelled_moment_is_not_reported()
    {
        _wheel.Start();
        SandboxId id = SandboxId.New(_time.GetUtcNow());
        _wheel.Schedule(id, _time.GetUtcNow().AddSeconds(10));
        _wheel.Cancel(id);

        _time.Advance(TimeSpan.FromMinutes(10));

        Assert.Empty(_due);
    }

    [Fact]
    public void What_was_due_before_the_start_is_reported_at_the_first_tick()
    {
        SandboxId long_ago = SandboxId.New(_time.GetUtcNow());
        SandboxId lately = SandboxId.New(_time.GetUtcNow());
        _wheel.Schedule(long_ago, _time.GetUtcNow().AddDays(-3));
        _wheel.Schedule(lately, _time.GetUtcNow().AddSeconds(5));
        _time.Advance(TimeSpan.FromMinutes(4));
        Assert.Empty(_due);

        _wheel.Start();
        _time.Advance(TimerWheel.Tick);

        Assert.Equal([lately, long_ago], _due.Select(due => due.Id).OrderByDescending(id => id == lately));
    }

    [Fact]
    public void Thousands_of_moments_are_each_reported_in_time()
    {
        _wheel.Start();
        var random = new Random(7);
        var moments = Enumerable.Range(0, 5000).ToDictionary(
            _ => SandboxId.New(_time.GetUtcNow()), _ => _time.GetUtcNow().AddMilliseconds(random.Next(600_000)));
        foreach ((SandboxId id, DateTimeOffset moment) in moments)
        {
            _wheel.Schedule(id, moment);
        }

        _time.Advance(TimeSpan.FromMinutes(11));

        Assert.Equal(moments.Count, _due.Count);
        Assert.All(_due, due => Assert.InRange(due.At - moments[due.Id], TimeSpan.Zero, TimerWheel.Tick));
    }
}
