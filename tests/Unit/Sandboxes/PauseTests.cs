using Atoll.Domain;
using Atoll.Domain.Processes;
using Atoll.Domain.Sandboxes;
using Atoll.Unit.Control;
using Xunit;

namespace Atoll.Unit.Sandboxes;

/// <summary>Pause and resume as their users see them.</summary>
public sealed class PauseTests
{
    private static readonly TimeSpan Minute = TimeSpan.FromMinutes(1);

    [Fact]
    public async Task A_paused_sandbox_is_off_its_node_and_comes_back_with_its_processes()
    {
        await using ControlWorld world = await ControlWorld.StartAsync();
        Sandbox running = await world.CreateAsync();
        Execution execution = await world.Executions.StartAsync(
            world.Root, running.Id, new ExecutionRequest("echo before; sleep 100", "/", new Dictionary<string, string>(), null), default);
        world.Time.Advance(Minute);

        Sandbox paused = await world.PauseAsync(running.Id);

        Assert.Equal((SandboxState.Paused, ""), (paused.State, paused.Reason));
        Assert.Equal((world.Time.GetUtcNow(), Minute), (paused.PausedAt!.Value, paused.RanBefore));
        Assert.Empty(world.Machine.Things);
        Assert.NotNull(world.Node.FindImage(paused.Image!.Value));

        world.Time.Advance(TimeSpan.FromHours(5));
        Sandbox resumed = await world.ResumeAsync(running.Id);

        Assert.Equal((SandboxState.Running, null), (resumed.State, resumed.Image));
        Assert.Equal((world.Time.GetUtcNow(), world.Time.GetUtcNow()), (resumed.StartedAt!.Value, resumed.ResumedAt!.Value));
        Assert.Equal((Minute, TimeSpan.FromHours(5)), (resumed.RanBefore, resumed.PausedBefore));
        Assert.Equal((running.Name, running.LocalPort, running.Timeout), (resumed.Name, resumed.LocalPort, resumed.Timeout));
        Assert.Equal(execution, await world.Executions.ActiveAsync(world.Root, running.Id, default));
        await world.ImagesAsync(0);
        Assert.Equal(
            ["created", "starting", "running", "pausing", "paused", "resuming", "running"], world.EventsOf(running.Id).Select(seen => seen.To));
    }

    [Fact]
    public async Task Without_waiting_both_answer_at_once()
    {
        var held = new TaskCompletionSource();
        await using ControlWorld world = await ControlWorld.StartAsync(w => w.OnStep = (_, step, _) => step is "capture" or "restore" ? held.Task : Task.CompletedTask);
        Sandbox sandbox = await world.CreateAsync();

        Assert.Equal(SandboxState.Pausing, (await world.Sandboxes.PauseAsync(world.Root, sandbox.Id, wait: false, default)).State);
        held.SetResult();
        await world.UntilAsync(sandbox.Id, SandboxState.Paused);
        held = new TaskCompletionSource();
        Assert.Equal(SandboxState.Resuming, (await world.Sandboxes.ResumeAsync(world.Root, sandbox.Id, null, wait: false, default)).State);
        held.SetResult();
        await world.UntilAsync(sandbox.Id, SandboxState.Running);
    }

    [Theory]
    [InlineData(FaultCode.NotCapturable)]
    [InlineData(FaultCode.NoCapacity)]
    public async Task A_pause_that_fails_leaves_the_sandbox_running_and_says_why(FaultCode code)
    {
        await using ControlWorld world = await ControlWorld.StartAsync(w => w.OnStep = (_, step, _) =>
            step == "capture" ? throw new Fault(code, "a tunnel device").AsException() : Task.CompletedTask);
        Sandbox sandbox = await world.CreateAsync();

        Assert.Equal(new Fault(code, "a tunnel device"), await ControlWorld.FaultAsync(() => world.PauseAsync(sandbox.Id)));

        Sandbox after = await world.Sandboxes.GetAsync(world.Root, sandbox.Id, default);
        Assert.Equal((SandboxState.Running, sandbox.StartedAt, null), (after.State, after.StartedAt, after.Image));
        Assert.Equal("could not be paused: a tunnel device", after.Reason);
        Assert.Equal("could not be paused: a tunnel device", world.ReasonsOf(sandbox.Id)[^1]);
        Assert.Empty(world.Machine.Images);
        await world.Node.Agent(sandbox.Id).ListAsync(default);
    }

    [Fact]
    public async Task A_resume_that_fails_leaves_the_sandbox_paused_with_its_image_and_can_be_tried_again()
    {
        bool broken = true;
        await using ControlWorld world = await ControlWorld.StartAsync(w => w.OnStep = (_, step, _) =>
            broken && step == "restore" ? throw new Fault(FaultCode.NoCapacity, "every address is taken").AsException() : Task.CompletedTask);
        Sandbox sandbox = await world.CreateAsync();
        Sandbox paused = await world.PauseAsync(sandbox.Id);

        Assert.Equal(FaultCode.NoCapacity, (await ControlWorld.FaultAsync(() => world.ResumeAsync(sandbox.Id))).Code);

        Sandbox after = await world.Sandboxes.GetAsync(world.Root, sandbox.Id, default);
        Assert.Equal((SandboxState.Paused, paused.Image, paused.PausedAt), (after.State, after.Image, after.PausedAt));
        Assert.Equal("could not be resumed: every address is taken", after.Reason);
        Assert.Empty(world.Machine.Things);
        broken = false;
        Assert.Equal((SandboxState.Running, ""), (await world.ResumeAsync(sandbox.Id) is var running ? (running.State, running.Reason) : default));
    }

    [Fact]
    public async Task What_is_paused_cannot_be_paused_and_what_runs_cannot_be_resumed()
    {
        await using ControlWorld world = await ControlWorld.StartAsync();
        Sandbox sandbox = await world.CreateAsync();

        Assert.Equal(FaultCode.WrongState, (await ControlWorld.FaultAsync(() => world.ResumeAsync(sandbox.Id))).Code);
        await world.PauseAsync(sandbox.Id);
        Assert.Equal(FaultCode.WrongState, (await ControlWorld.FaultAsync(() => world.PauseAsync(sandbox.Id))).Code);
    }

    [Fact]
    public async Task Another_users_sandbox_is_neither_paused_nor_resumed()
    {
        await using ControlWorld world = await ControlWorld.StartAsync();
        Sandbox sandbox = await world.CreateAsync();
        var stranger = new Domain.Tenancy.Caller(world.Root.User with { Id = new Domain.Tenancy.UserId("usr-other"), Role = Domain.Tenancy.Role.Member }, null);

        Assert.Equal(FaultCode.NotFound, (await ControlWorld.FaultAsync(() => world.Sandboxes.PauseAsync(stranger, sandbox.Id, true, default))).Code);
        Assert.Equal(FaultCode.NotFound, (await ControlWorld.FaultAsync(() => world.Sandboxes.ResumeAsync(stranger, sandbox.Id, null, true, default))).Code);
    }

    [Theory]
    [InlineData("capture")]
    [InlineData("captured")]
    [InlineData("restore")]
    public async Task A_sandbox_that_is_terminated_on_its_way_leaves_nothing_behind(string at)
    {
        var entered = new TaskCompletionSource();
        await using ControlWorld world = await ControlWorld.StartAsync(w => w.OnStep = async (_, step, token) =>
        {
            if (step == at)
            {
                entered.TrySetResult();
                await (token.CanBeCanceled ? Task.Delay(Timeout.Infinite, token) : Task.CompletedTask);
            }
        });
        Sandbox sandbox = await world.CreateAsync();
        Task<Fault>? waiting = at == "restore" ? null : ControlWorld.FaultAsync(() => world.PauseAsync(sandbox.Id));
        if (at == "restore")
        {
            await world.PauseAsync(sandbox.Id);
            waiting = ControlWorld.FaultAsync(() => world.ResumeAsync(sandbox.Id));
        }

        await entered.Task.WaitAsync(ControlWorld.Bound);
        await world.Sandboxes.DeleteAsync(world.Root, sandbox.Id, default);

        if (at != "captured")
        {
            Assert.Equal(FaultCode.WrongState, (await waiting!).Code);
        }

        await world.UntilAsync(sandbox.Id, seen => seen is null);
        await world.ImagesAsync(0);
        Assert.Empty(world.Machine.Things);
    }

    [Fact]
    public async Task A_caller_who_goes_away_undoes_neither()
    {
        var held = new TaskCompletionSource();
        await using ControlWorld world = await ControlWorld.StartAsync(w => w.OnStep = (_, step, _) => step is "capture" ? held.Task : Task.CompletedTask);
        Sandbox sandbox = await world.CreateAsync();
        using var caller = new CancellationTokenSource();
        Task<Sandbox> pause = world.Sandboxes.PauseAsync(world.Root, sandbox.Id, wait: true, caller.Token);
        await world.UntilAsync(sandbox.Id, SandboxState.Pausing);

        caller.Cancel();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => pause);
        held.SetResult();

        await world.UntilAsync(sandbox.Id, SandboxState.Paused);
    }
}
