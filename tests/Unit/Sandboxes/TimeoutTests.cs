using Atoll.Domain.Sandboxes;
using Atoll.Unit.Control;
using Xunit;

namespace Atoll.Unit.Sandboxes;

public sealed class TimeoutTests
{
    private const int Day = 86_400;

    /// <summary>A sandbox with a timeout of 300 s, 120 s after its start.</summary>
    [Theory]
    [InlineData(TimeoutRule.FromNow, 1, 121)]
    [InlineData(TimeoutRule.FromNow, 180, 300)]
    [InlineData(TimeoutRule.FromNow, 181, 301)]
    [InlineData(TimeoutRule.FromNow, Day, Day)]
    [InlineData(TimeoutRule.LaterFromNow, 1, 300)]
    [InlineData(TimeoutRule.LaterFromNow, 180, 300)]
    [InlineData(TimeoutRule.LaterFromNow, 181, 301)]
    [InlineData(TimeoutRule.LaterFromNow, Day, Day)]
    [InlineData(null, 1, 300)]
    [InlineData(null, 181, 301)]
    [InlineData(null, Day, Day)]
    public async Task A_timeout_from_now_adds_to_the_time_used_and_never_exceeds_the_longest(TimeoutRule? rule, int seconds, int whole)
    {
        await using ControlWorld world = await ControlWorld.StartAsync();
        Sandbox sandbox = await world.CreateAsync();
        world.Time.Advance(TimeSpan.FromSeconds(120));
        TimeSpan timeout = TimeSpan.FromSeconds(seconds);

        Sandbox after = rule is { } given
            ? await world.Sandboxes.SetTimeoutAsync(world.Root, sandbox.Id, timeout, given, default)
            : await world.Sandboxes.ConnectAsync(world.Root, sandbox.Id, timeout, TimeoutOrigin.Now, default);

        Assert.Equal(TimeSpan.FromSeconds(whole), after.Timeout);
    }

    [Fact]
    public async Task A_shortened_sandbox_ends_at_its_new_moment()
    {
        await using ControlWorld world = await ControlWorld.StartAsync();
        Sandbox sandbox = await world.CreateAsync();
        world.Time.Advance(TimeSpan.FromSeconds(120));
        await world.Sandboxes.SetTimeoutAsync(world.Root, sandbox.Id, TimeSpan.FromSeconds(10), TimeoutRule.FromNow, default);

        world.Time.Advance(TimeSpan.FromSeconds(9));
        Assert.Equal(SandboxState.Running, (await world.Sandboxes.GetAsync(world.Root, sandbox.Id, default)).State);
        world.Time.Advance(TimeSpan.FromSeconds(2));
        await world.UntilAsync(sandbox.Id, SandboxState.Terminated);
    }
}
