using Atoll.Domain;
using Atoll.Domain.Processes;
using Atoll.Domain.Sandboxes;
using Atoll.Unit.Control;
using Xunit;

namespace Atoll.Unit.Sandboxes;

/// <summary>Many who want one sandbox back at the same time.</summary>
public sealed class WakeTests
{
    [Fact]
    public async Task A_storm_of_requests_is_one_resume()
    {
        await using ControlWorld world = await ControlWorld.StartAsync();
        Sandbox sandbox = await world.CreateAsync(new CreateSandbox { AutoResume = true });
        await world.PauseAsync(sandbox.Id);

        await Task.WhenAll(Enumerable.Range(0, 200).Select(_ => Task.Run(async () =>
        {
            IAgent agent = await world.Agents.AgentAsync(sandbox.Id, default).AsTask().WaitAsync(ControlWorld.Bound);
            await agent.ListAsync(default);
        })));

        Assert.Equal(1, world.Machine.Restores[sandbox.Id]);
    }

    [Fact]
    public async Task One_that_does_not_come_back_by_itself_stays_paused()
    {
        await using ControlWorld world = await ControlWorld.StartAsync();
        Sandbox sandbox = await world.CreateAsync();
        await world.PauseAsync(sandbox.Id);

        Assert.Equal(FaultCode.WrongState, (await ControlWorld.FaultAsync(() => world.Agents.AgentAsync(sandbox.Id, default).AsTask())).Code);
        Assert.Equal(SandboxState.Paused, world.Actors.Read(sandbox.Id)!.State);
    }

    [Fact]
    public async Task A_resume_that_fails_is_the_failure_of_who_waits_for_it()
    {
        await using ControlWorld world = await ControlWorld.StartAsync(w => w.OnStep = (_, step, _) =>
            step == "restore" ? throw new Fault(FaultCode.NoCapacity, "every address is taken").AsException() : Task.CompletedTask);
        Sandbox sandbox = await world.CreateAsync(new CreateSandbox { AutoResume = true });
        await world.PauseAsync(sandbox.Id);

        Assert.Equal(FaultCode.NoCapacity, (await ControlWorld.FaultAsync(() => world.Agents.AgentAsync(sandbox.Id, default).AsTask())).Code);
    }

    [Fact]
    public async Task A_wait_for_a_sandbox_that_is_being_captured_is_bounded()
    {
        var held = new TaskCompletionSource();
        await using ControlWorld world = await ControlWorld.StartAsync(w => w.OnStep = (_, step, _) => step == "capture" ? held.Task : Task.CompletedTask);
        Sandbox sandbox = await world.CreateAsync();
        await world.Sandboxes.PauseAsync(world.Root, sandbox.Id, wait: false, default);
        Task<Fault> waiting = ControlWorld.FaultAsync(() => world.Agents.AgentAsync(sandbox.Id, default).AsTask());
        await world.Time.TimerAsync(world.Options.TransitionTimeout);

        world.Time.Advance(world.Options.TransitionTimeout);

        Assert.Equal(FaultCode.Timeout, (await waiting.WaitAsync(ControlWorld.Bound)).Code);
        held.SetResult();
        await world.UntilAsync(sandbox.Id, SandboxState.Paused);
    }

    [Fact]
    public async Task A_hundred_connects_at_once_are_one_resume_and_the_longest_timeout_holds()
    {
        await using ControlWorld world = await ControlWorld.StartAsync();
        Sandbox sandbox = await world.CreateAsync();
        await world.PauseAsync(sandbox.Id);

        Sandbox[] connected = await Task.WhenAll(Enumerable.Range(1, 100).Select(number => Task.Run(
            () => world.ConnectAsync(sandbox.Id, TimeSpan.FromSeconds(1000 + number)))));

        Assert.All(connected, seen => Assert.Equal(SandboxState.Running, seen.State));
        Assert.Equal(1, world.Machine.Restores[sandbox.Id]);
        Assert.Equal(TimeSpan.FromSeconds(1100), world.Actors.Read(sandbox.Id)!.Timeout);
    }

    [Fact]
    public async Task A_connect_to_one_that_is_being_paused_waits_and_brings_it_back()
    {
        var held = new TaskCompletionSource();
        var entered = new TaskCompletionSource();
        await using ControlWorld world = await ControlWorld.StartAsync(w => w.OnStep = (_, step, _) =>
        {
            if (step != "capture")
            {
                return Task.CompletedTask;
            }

            entered.TrySetResult();
            return held.Task;
        });
        Sandbox sandbox = await world.CreateAsync();
        Task<Sandbox> pause = world.PauseAsync(sandbox.Id);
        await entered.Task.WaitAsync(ControlWorld.Bound);

        Task<Sandbox> connect = world.ConnectAsync(sandbox.Id);
        held.SetResult();

        Assert.Equal(SandboxState.Paused, (await pause).State);
        Assert.Equal(SandboxState.Running, (await connect).State);
        Assert.Equal(1, world.Machine.Restores[sandbox.Id]);
    }
}
