using Atoll.Domain;
using Atoll.Domain.Processes;
using Atoll.Domain.Sandboxes;
using Atoll.Unit.Control;
using Xunit;

namespace Atoll.Unit.Sandboxes;

/// <summary>What timeouts and idleness do to sandboxes that are to be paused then.</summary>
public sealed class AutoPauseTests
{
    private static readonly TimeSpan Minute = TimeSpan.FromMinutes(1);
    private static readonly CreateSandbox Pausing = new() { Timeout = Minute, AutoPause = true };

    [Fact]
    public async Task A_sandbox_is_paused_at_its_timeout_and_a_connect_gives_it_a_whole_phase()
    {
        await using ControlWorld world = await ControlWorld.StartAsync();
        Sandbox sandbox = await world.CreateAsync(Pausing);

        world.Time.Advance(Minute + TimeSpan.FromSeconds(1));
        Sandbox paused = await world.UntilAsync(sandbox.Id, SandboxState.Paused);
        world.Time.Advance(TimeSpan.FromDays(2));
        Sandbox connected = await world.ConnectAsync(sandbox.Id);

        Assert.Equal("reached its timeout of 60 s", paused.Reason);
        Assert.Equal((SandboxState.Running, world.Time.GetUtcNow() + Minute), (connected.State, connected.ExpiresAt));
    }

    [Fact]
    public async Task A_timeout_that_is_set_while_it_is_paused_is_that_of_the_next_phase()
    {
        await using ControlWorld world = await ControlWorld.StartAsync();
        Sandbox sandbox = await world.CreateAsync(Pausing);
        await world.PauseAsync(sandbox.Id);
        world.Time.Advance(TimeSpan.FromHours(1));

        await world.Sandboxes.SetTimeoutAsync(world.Root, sandbox.Id, TimeSpan.FromSeconds(90), TimeoutRule.NotBelowUsed, default);
        Sandbox resumed = await world.ResumeAsync(sandbox.Id);
        Assert.Equal(world.Time.GetUtcNow() + TimeSpan.FromSeconds(90), resumed.ExpiresAt);
        await world.PauseAsync(sandbox.Id);
        Sandbox given = await world.ResumeAsync(sandbox.Id, TimeSpan.FromSeconds(30));

        Assert.Equal(world.Time.GetUtcNow() + TimeSpan.FromSeconds(30), given.ExpiresAt);
    }

    [Fact]
    public async Task A_pause_at_the_timeout_that_fails_is_tried_again_until_it_works()
    {
        int failures = 3;
        await using ControlWorld world = await ControlWorld.StartAsync(w => w.OnStep = (_, step, _) =>
            step == "capture" && failures-- > 0 ? throw new Fault(FaultCode.NotCapturable, "a tunnel device").AsException() : Task.CompletedTask);
        Sandbox sandbox = await world.CreateAsync(Pausing);
        world.Time.Advance(Minute + TimeSpan.FromSeconds(1));
        Sandbox failed = (await world.UntilAsync(sandbox.Id, seen => seen is { State: SandboxState.Running, Reason.Length: > 0 }))!;
        Assert.Equal("reached its timeout of 60 s, could not be paused and is going to be: a tunnel device", failed.Reason);

        for (int second = 0; second < 120 && world.Actors.Read(sandbox.Id)!.State is not SandboxState.Paused; second++)
        {
            world.Time.Advance(TimeSpan.FromSeconds(1));
            // What the timer told the actor before this it has done after it.
            await world.Actors.AskAsync(sandbox.Id, new SandboxCommand.Move(null), "test", default);
            await world.UntilAsync(sandbox.Id, seen => seen!.State is SandboxState.Running or SandboxState.Paused);
        }

        await world.UntilAsync(sandbox.Id, SandboxState.Paused);
        Assert.True(failures < 0);
    }

    [Fact]
    public async Task A_renewal_that_was_accepted_is_never_followed_by_the_old_end()
    {
        await using ControlWorld world = await ControlWorld.StartAsync();
        for (int round = 0; round < 50; round++)
        {
            Sandbox sandbox = await world.CreateAsync(new CreateSandbox { Timeout = Minute, AutoPause = round % 2 == 0 });
            world.Time.Advance(Minute - TimeSpan.FromMilliseconds(100));

            Task advance = Task.Run(() => world.Time.Advance(TimeSpan.FromSeconds(1)));
            Sandbox? renewed = null;
            try
            {
                renewed = await world.Sandboxes.SetTimeoutAsync(world.Root, sandbox.Id, TimeSpan.FromHours(1), TimeoutRule.NotBelowUsed, default);
            }
            catch (FaultException e)
            {
                Assert.Equal(FaultCode.WrongState, e.Fault.Code);
            }

            await advance;
            if (renewed is { State: SandboxState.Running })
            {
                await world.Actors.AskAsync(sandbox.Id, new SandboxCommand.Move(null), "test", default);
                Assert.Equal(SandboxState.Running, world.Actors.Read(sandbox.Id)!.State);
            }

            await world.Sandboxes.DeleteAsync(world.Root, sandbox.Id, default);
            await world.UntilAsync(sandbox.Id, seen => seen is null);
        }
    }

    [Fact]
    public async Task A_sandbox_that_nobody_uses_is_paused_and_one_in_use_is_not()
    {
        await using ControlWorld world = await ControlWorld.StartAsync();
        Sandbox idle = await world.CreateAsync(new CreateSandbox { IdleTimeout = TimeSpan.FromSeconds(20), Timeout = TimeSpan.FromHours(1) });
        Sandbox used = await world.CreateAsync(new CreateSandbox { IdleTimeout = TimeSpan.FromSeconds(20), Timeout = TimeSpan.FromHours(1) });
        Sandbox other = await world.CreateAsync(new CreateSandbox { Timeout = TimeSpan.FromHours(1) });
        IDisposable use = world.Agents.Use(used.Id);

        world.Time.Advance(TimeSpan.FromSeconds(21));
        Sandbox paused = await world.UntilAsync(idle.Id, SandboxState.Paused);
        world.Time.Advance(TimeSpan.FromSeconds(79));
        await world.Actors.AskAsync(used.Id, new SandboxCommand.Move(null), "test", default);
        Assert.Equal(SandboxState.Running, world.Actors.Read(used.Id)!.State);
        use.Dispose();
        use.Dispose();
        world.Time.Advance(TimeSpan.FromSeconds(15));
        await world.Actors.AskAsync(used.Id, new SandboxCommand.Move(null), "test", default);
        Assert.Equal(SandboxState.Running, world.Actors.Read(used.Id)!.State);
        world.Time.Advance(TimeSpan.FromSeconds(6));

        await world.UntilAsync(used.Id, SandboxState.Paused);
        Assert.Equal("nobody used it for 20 s", paused.Reason);
        Assert.Equal(SandboxState.Running, world.Actors.Read(other.Id)!.State);
    }

    [Fact]
    public async Task A_command_that_runs_is_use_until_it_ends()
    {
        await using ControlWorld world = await ControlWorld.StartAsync();
        Sandbox sandbox = await world.CreateAsync(new CreateSandbox { IdleTimeout = TimeSpan.FromSeconds(20), Timeout = TimeSpan.FromHours(1) });
        await world.Executions.StartAsync(
            world.Root, sandbox.Id, new ExecutionRequest("sleep 100", "/", new Dictionary<string, string>(), null), default);
        await world.Time.TimerAsync(TimeSpan.FromSeconds(100));
        await world.UntilUsedAsync(sandbox.Id);

        world.Time.Advance(TimeSpan.FromSeconds(90));
        await world.Actors.AskAsync(sandbox.Id, new SandboxCommand.Move(null), "test", default);
        Assert.Equal(SandboxState.Running, world.Actors.Read(sandbox.Id)!.State);
        world.Time.Advance(TimeSpan.FromSeconds(10));
        await world.UntilUsedAsync(sandbox.Id, used: false);
        // Its idle time is counted from here before time goes on.
        await world.Actors.AskAsync(sandbox.Id, new SandboxCommand.Move(null), "test", default);
        world.Time.Advance(TimeSpan.FromSeconds(41));

        await world.UntilAsync(sandbox.Id, SandboxState.Paused);
    }
}
