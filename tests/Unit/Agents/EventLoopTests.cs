using Atoll.Agent.Loop;
using Atoll.Unit.Control;
using Xunit;

namespace Atoll.Unit.Agents;

public sealed class EventLoopTests
{
    private readonly FakeTime _time = new();

    [Fact]
    public void Time_in_which_nothing_runs_is_not_counted()
    {
        var loop = new EventLoop(_time);
        _time.Advance(TimeSpan.FromSeconds(1));

        loop.Hold();
        _time.Advance(TimeSpan.FromDays(7));
        Assert.Equal(1000, loop.Now);
        loop.Hold();
        _time.Advance(TimeSpan.FromDays(7));
        loop.Continue();
        Assert.Equal(1000, loop.Now);

        _time.Advance(TimeSpan.FromSeconds(1));
        loop.Continue();
        Assert.Equal(2000, loop.Now);
    }
}
