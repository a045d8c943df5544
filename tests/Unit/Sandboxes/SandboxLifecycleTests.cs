using Atoll.Control.Stores;
using Atoll.Domain;
using Atoll.Domain.Sandboxes;
using Atoll.Unit.Control;
using Xunit;

namespace Atoll.Unit.Sandboxes;

public sealed class SandboxLifecycleTests
{
    private static readonly TimeSpan Minute = TimeSpan.FromMinutes(1);

    [Fact]
    public async Task A_created_sandbox_runs_and_every_transition_is_remembered()
    {
        await using ControlWorld world = await ControlWorld.StartAsync();

        Sandbox sandbox = await world.CreateAsync(new CreateSandbox { Name = "box" });

        Assert.Equal(SandboxState.Running, sandbox.State);
        Assert.Equal(world.Time.GetUtcNow() + TimeSpan.FromSeconds(300), sandbox.ExpiresAt);
        string root = world.Root.User.Id.Value;
        Assert.Equal([(null, "created", root), ("created", "starting", root), ("starting", "running", "node")], world.EventsOf(sandbox.Id));
    }

    [Fact]
    public async Task Without_waiting_a_create_answers_before_the_launch_ends()
    {
        var held = new TaskCompletionSource();
        await using ControlWorld world = await ControlWorld.StartAsync(w => w.OnStep = (_, step, _) => step == "disk" ? held.Task : Task.CompletedTask);

        Sandbox sandbox = await world.CreateAsync(wait: false);
        Assert.Equal(SandboxState.Created, sandbox.State);
        await world.UntilAsync(sandbox.Id, seen => seen?.Phase == SandboxPhase.Deploying);
        Assert.Equal(SandboxPhase.Deploying, (await world.Sandboxes.ListAsync(world.Root, new SandboxQuery(), default)).Sandboxes.Single().Phase);

        held.SetResult();
        await world.UntilAsync(sandbox.Id, SandboxState.Running);
    }

    [Fact]
    public async Task A_caller_who_goes_away_does_not_undo_the_create()
    {
        var held = new TaskCompletionSource();
        var entered = new TaskCompletionSource<SandboxId>();
        await using ControlWorld world = await ControlWorld.StartAsync(w => w.OnStep = (id, _, _) =>
        {
            entered.TrySetResult(id);
            return held.Task;
        });
        using var caller = new CancellationTokenSource();

        Task<Sandbox> create = world.Sandboxes.CreateAsync(world.Root, new CreateSandbox(), wait: true, caller.Token);
        SandboxId id = await entered.Task.WaitAsync(ControlWorld.Bound);
        caller.Cancel();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => create);
        held.SetResult();

        await world.UntilAsync(id, SandboxState.Running);
    }

    [Theory]
    [InlineData("network")]
    [InlineData("disk")]
    [InlineData("bundle")]
    [InlineData("runtime")]
    public async Task A_launch_that_fails_at_any_step_leaves_a_failed_record_with_the_reason_and_nothing_else(string failing)
    {
        await using ControlWorld world = await ControlWorld.StartAsync(w => w.OnStep = (_, step, _) =>
            step == failing ? throw new IOException($"no {step} today") : Task.CompletedTask);

        Sandbox sandbox = await world.CreateAsync();
        await world.AsleepAsync(sandbox.Id);

        Assert.Equal(SandboxState.Failed, sandbox.State);
        Assert.Matches("""^the node could not start it \(phase \w+\); the operator's log has the details$""", sandbox.Reason);
        Assert.Equal(sandbox.EndedAt, world.Time.GetUtcNow());
        Assert.Empty(world.Machine.Things);
        Assert.Empty(await world.Node.ListAsync(default));
    }

    [Fact]
    public async Task A_launch_that_takes_too_long_is_cancelled_and_fails()
    {
        var entered = new TaskCompletionSource();
        await using ControlWorld world = await ControlWorld.StartAsync(w => w.OnStep = async (_, _, token) =>
        {
            entered.TrySetResult();
            await Task.Delay(Timeout.Infinite, token);
        });

        Task<Sandbox> create = world.CreateAsync();
        await entered.Task.WaitAsync(ControlWorld.Bound);
        world.Time.Advance(TimeSpan.FromSeconds(60));
        Sandbox sandbox = await create;

        Assert.Equal(SandboxState.Failed, sandbox.State);
        Assert.Equal("did not start within 60 s", sandbox.Reason);
        await world.AsleepAsync(sandbox.Id);
        Assert.Empty(world.Machine.Things);
    }

    [Fact]
    public async Task Terminating_while_starting_cancels_the_launch_and_cleans()
    {
        var entered = new TaskCompletionSource();
        await using ControlWorld world = await ControlWorld.StartAsync(w => w.OnStep = async (_, step, token) =>
        {
            if (step == "bundle")
            {
                entered.TrySetResult();
                await Task.Delay(Timeout.Infinite, token);
            }
        });
        Sandbox sandbox = await world.CreateAsync(wait: false);
        await entered.Task.WaitAsync(ControlWorld.Bound);

        Sandbox answer = await world.Sandboxes.TerminateAsync(world.Root, sandbox.Id, default);
        Assert.Equal(SandboxState.Terminating, answer.State);
        await world.UntilAsync(sandbox.Id, SandboxState.Terminated);

        Assert.Empty(world.Machine.Things);
        Assert.Equal(["created", "starting", "terminating", "terminated"], world.EventsOf(sandbox.Id).Select(e => e.To));
    }

    [Fact]
    public async Task Terminate_keeps_the_record_and_may_be_repeated()
    {
        await using ControlWorld world = await ControlWorld.StartAsync();
        Sandbox sandbox = await world.CreateAsync();

        await world.Sandboxes.TerminateAsync(world.Root, sandbox.Id, default);
        await world.Sandboxes.TerminateAsync(world.Root, sandbox.Id, default);
        Sandbox over = await world.UntilAsync(sandbox.Id, SandboxState.Terminated);
        await world.AsleepAsync(sandbox.Id);

        Assert.NotNull(over.EndedAt);
        Assert.Equal(SandboxState.Terminated, (await world.Sandboxes.TerminateAsync(world.Root, sandbox.Id, default)).State);
        Assert.Equal(SandboxState.Terminated, (await world.Sandboxes.GetAsync(world.Root, sandbox.Id, default)).State);
        Assert.False(world.Actors.IsAwake(sandbox.Id));
        Assert.Empty(world.Machine.Things);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Delete_removes_the_record_once_the_node_is_clean(bool terminatedBefore)
    {
        await using ControlWorld world = await ControlWorld.StartAsync();
        Sandbox sandbox = await world.CreateAsync();
        if (terminatedBefore)
        {
            await world.Sandboxes.TerminateAsync(world.Root, sandbox.Id, default);
            await world.UntilAsync(sandbox.Id, SandboxState.Terminated);
        }

        Assert.True((await world.Sandboxes.DeleteAsync(world.Root, sandbox.Id, default)).DeleteRequested);
        await world.UntilAsync(sandbox.Id, seen => seen is null);

        Fault fault = await ControlWorld.FaultAsync(() => world.Sandboxes.GetAsync(world.Root, sandbox.Id, default));
        Assert.Equal(FaultCode.NotFound, fault.Code);
        Assert.Equal(FaultCode.NotFound, (await ControlWorld.FaultAsync(() => world.Sandboxes.DeleteAsync(world.Root, sandbox.Id, default))).Code);
        Assert.Empty(world.Machine.Things);
        Assert.Equal("terminated", world.EventsOf(sandbox.Id)[^1].To);
    }

    [Fact]
    public async Task A_clean_that_fails_is_tried_again_until_it_works_and_only_then_is_the_sandbox_over()
    {
        int failures = 2;
        await using ControlWorld world = await ControlWorld.StartAsync(w => w.OnUndo = (_, step) =>
        {
            if (step == "disk" && failures-- > 0)
            {
                throw new IOException("device is busy");
            }
        });
        Sandbox sandbox = await world.CreateAsync();
        await world.Sandboxes.DeleteAsync(world.Root, sandbox.Id, default);

        await world.Time.TimerAsync(TimeSpan.FromSeconds(1));
        Assert.Equal(SandboxState.Terminating, (await world.Sandboxes.GetAsync(world.Root, sandbox.Id, default)).State);
        world.Time.Advance(TimeSpan.FromSeconds(1));
        await world.Time.TimerAsync(TimeSpan.FromSeconds(2));
        world.Time.Advance(TimeSpan.FromSeconds(2));

        await world.UntilAsync(sandbox.Id, seen => seen is null);
        Assert.Empty(world.Machine.Things);
    }

    [Fact]
    public async Task A_sandbox_expires_within_a_second_of_its_timeout()
    {
        await using ControlWorld world = await ControlWorld.StartAsync();
        Sandbox sandbox = await world.CreateAsync(new CreateSandbox { Timeout = Minute });

        world.Time.Advance(Minute - TimeSpan.FromMilliseconds(1));
        Assert.Equal(SandboxState.Running, (await world.Sandboxes.GetAsync(world.Root, sandbox.Id, default)).State);
        world.Time.Advance(TimeSpan.FromSeconds(1));

        Sandbox over = await world.UntilAsync(sandbox.Id, SandboxState.Terminated);
        Assert.Equal("reached its timeout of 60 s", over.Reason);
        Assert.Contains(("running", "terminating", "timer"), world.EventsOf(sandbox.Id));
    }

    [Fact]
    public async Task A_renewed_sandbox_outlives_its_first_timeout()
    {
        await using ControlWorld world = await ControlWorld.StartAsync();
        Sandbox sandbox = await world.CreateAsync(new CreateSandbox { Timeout = Minute });
        world.Time.Advance(TimeSpan.FromSeconds(50));

        await world.Sandboxes.SetTimeoutAsync(world.Root, sandbox.Id, 2 * Minute, TimeoutRule.NotBelowUsed, default);
        world.Time.Advance(TimeSpan.FromSeconds(65));
        Assert.Equal(SandboxState.Running, (await world.Sandboxes.GetAsync(world.Root, sandbox.Id, default)).State);
        world.Time.Advance(TimeSpan.FromSeconds(6));

        Sandbox over = await world.UntilAsync(sandbox.Id, SandboxState.Terminated);
        Assert.Equal("reached its timeout of 120 s", over.Reason);
    }

    [Fact]
    public async Task An_expiry_that_a_renewal_overtook_does_nothing()
    {
        await using ControlWorld world = await ControlWorld.StartAsync();
        Sandbox sandbox = await world.CreateAsync(new CreateSandbox { Timeout = Minute });
        world.Time.Advance(TimeSpan.FromSeconds(59));
        await world.Sandboxes.SetTimeoutAsync(world.Root, sandbox.Id, 2 * Minute, TimeoutRule.NotBelowUsed, default);

        Fault fault = await ControlWorld.FaultAsync(() => world.Actors.AskAsync(sandbox.Id, new SandboxCommand.Expire(), "timer", default));

        Assert.Equal(FaultCode.WrongState, fault.Code);
        Assert.Equal(SandboxState.Running, (await world.Sandboxes.GetAsync(world.Root, sandbox.Id, default)).State);
        world.Time.Advance(TimeSpan.FromSeconds(62));
        await world.UntilAsync(sandbox.Id, SandboxState.Terminated);
    }

    [Fact]
    public async Task A_renewal_after_the_timeout_is_a_conflict()
    {
        await using ControlWorld world = await ControlWorld.StartAsync();
        Sandbox sandbox = await world.CreateAsync(new CreateSandbox { Timeout = Minute });
        world.Actors.Wheel.Cancel(sandbox.Id);
        world.Time.Advance(Minute);

        Fault fault = await ControlWorld.FaultAsync(() =>
            world.Sandboxes.SetTimeoutAsync(world.Root, sandbox.Id, 2 * Minute, TimeoutRule.NotBelowUsed, default));

        Assert.Equal(FaultCode.WrongState, fault.Code);
        // The refusal put it back on the wheel.
        world.Time.Advance(TimeSpan.FromSeconds(1));
        await world.UntilAsync(sandbox.Id, SandboxState.Terminated);
    }

    [Theory]
    [InlineData(null, 300)]
    [InlineData(60, 300)]
    [InlineData(300, 300)]
    [InlineData(301, 301)]
    public async Task A_connect_keeps_the_longer_timeout(int? seconds, int kept)
    {
        await using ControlWorld world = await ControlWorld.StartAsync();
        Sandbox sandbox = await world.CreateAsync();
        world.Time.Advance(TimeSpan.FromSeconds(120));

        TimeSpan? timeout = seconds is { } given ? TimeSpan.FromSeconds(given) : null;
        Sandbox connected = await world.Sandboxes.ConnectAsync(world.Root, sandbox.Id, timeout, TimeoutOrigin.PhaseStart, default);

        Assert.Equal((SandboxState.Running, TimeSpan.FromSeconds(kept)), (connected.State, connected.Timeout));
        world.Time.Advance(TimeSpan.FromSeconds(kept - 121));
        Assert.Equal(SandboxState.Running, (await world.Sandboxes.GetAsync(world.Root, sandbox.Id, default)).State);
        world.Time.Advance(TimeSpan.FromSeconds(2));
        await world.UntilAsync(sandbox.Id, SandboxState.Terminated);
    }

    [Fact]
    public async Task A_connect_to_what_does_not_run_or_is_over_in_time_or_of_somebody_else_is_refused()
    {
        await using ControlWorld world = await ControlWorld.StartAsync();
        Sandbox sandbox = await world.CreateAsync();
        async Task<Fault> RefusalAsync(Domain.Tenancy.Caller caller, int? seconds = null) => await ControlWorld.FaultAsync(() =>
            world.Sandboxes.ConnectAsync(caller, sandbox.Id, seconds is { } given ? TimeSpan.FromSeconds(given) : null, TimeoutOrigin.PhaseStart, default));

        Assert.Equal((FaultCode.InvalidArgument, "timeout"), ((await RefusalAsync(world.Root, 86_401)) is var fault ? (fault.Code, fault.Field) : default));
        Domain.Tenancy.User eve = await world.Get<Atoll.Control.Tenancy.TenancyAdmin>().EnsureUserAsync("eve");
        Assert.Equal(FaultCode.NotFound, (await RefusalAsync(new Domain.Tenancy.Caller(eve, null))).Code);
        world.Actors.Wheel.Cancel(sandbox.Id);
        world.Time.Advance(TimeSpan.FromSeconds(300));
        Assert.Equal(FaultCode.WrongState, (await RefusalAsync(world.Root, 600)).Code);
        await world.Sandboxes.TerminateAsync(world.Root, sandbox.Id, default);
        await world.UntilAsync(sandbox.Id, SandboxState.Terminated);
        Assert.Equal(FaultCode.WrongState, (await RefusalAsync(world.Root)).Code);
    }

    [Theory]
    [InlineData(100, TimeoutRule.NotBelowUsed, false)]
    [InlineData(120, TimeoutRule.NotBelowUsed, true)]
    [InlineData(300, TimeoutRule.OnlyLonger, false)]
    [InlineData(301, TimeoutRule.OnlyLonger, true)]
    [InlineData(59, TimeoutRule.NotBelowUsed, false)]
    [InlineData(86_401, TimeoutRule.NotBelowUsed, false)]
    public async Task A_new_timeout_keeps_to_the_rule_and_the_limits(int seconds, TimeoutRule rule, bool accepted)
    {
        await using ControlWorld world = await ControlWorld.StartAsync();
        Sandbox sandbox = await world.CreateAsync();
        world.Time.Advance(TimeSpan.FromSeconds(120));
        Task<Sandbox> Set() => world.Sandboxes.SetTimeoutAsync(world.Root, sandbox.Id, TimeSpan.FromSeconds(seconds), rule, default);

        if (accepted)
        {
            Assert.Equal(TimeSpan.FromSeconds(seconds), (await Set()).Timeout);
        }
        else
        {
            Fault fault = await ControlWorld.FaultAsync(Set);
            Assert.Equal((FaultCode.InvalidArgument, "timeout"), (fault.Code, fault.Field));
        }
    }

    [Fact]
    public async Task A_lost_sandbox_fails_with_the_nodes_reason_and_is_cleaned()
    {
        await using ControlWorld world = await ControlWorld.StartAsync();
        Sandbox sandbox = await world.CreateAsync();

        world.Machine.Crash(sandbox.Id, "its runtime was killed by signal 9");
        Sandbox failed = await world.UntilAsync(sandbox.Id, SandboxState.Failed);
        await world.AsleepAsync(sandbox.Id);

        Assert.Equal("its runtime was killed by signal 9", failed.Reason);
        Assert.Empty(world.Machine.Things);
        Assert.Equal(FaultCode.WrongState, (await ControlWorld.FaultAsync(() =>
            world.Sandboxes.SetTimeoutAsync(world.Root, sandbox.Id, Minute, TimeoutRule.NotBelowUsed, default))).Code);
    }

    [Fact]
    public async Task Thousand_concurrent_creates_all_run_and_all_go()
    {
        await using ControlWorld world = await ControlWorld.StartAsync();

        Sandbox[] sandboxes = await Task.WhenAll(Enumerable.Range(0, 1000).Select(_ => world.CreateAsync()));
        Assert.All(sandboxes, sandbox => Assert.Equal(SandboxState.Running, sandbox.State));
        Assert.Equal(1000, (await world.Sandboxes.ListAsync(world.Root, new SandboxQuery { States = [SandboxState.Running] }, default)).Total);

        Task gone = Task.WhenAll(sandboxes.Select(sandbox => world.UntilAsync(sandbox.Id, seen => seen is null)));
        await Task.WhenAll(sandboxes.Select(sandbox => world.Sandboxes.DeleteAsync(world.Root, sandbox.Id, default)));
        await gone;
        Assert.Empty(world.Machine.Things);
        Assert.Equal(0, (await world.Sandboxes.ListAsync(world.Root, new SandboxQuery(), default)).Total);
    }

    [Fact]
    public async Task Terminate_delete_and_renew_at_the_same_moment_end_in_one_removal()
    {
        await using ControlWorld world = await ControlWorld.StartAsync();
        for (int round = 0; round < 20; round++)
        {
            Sandbox sandbox = await world.CreateAsync();
            Task<Sandbox?> gone = world.UntilAsync(sandbox.Id, seen => seen is null);
            Task[] all =
            [
                world.Sandboxes.TerminateAsync(world.Root, sandbox.Id, default),
                world.Sandboxes.DeleteAsync(world.Root, sandbox.Id, default),
                world.Sandboxes.SetTimeoutAsync(world.Root, sandbox.Id, 10 * Minute, TimeoutRule.OnlyLonger, default),
                world.Sandboxes.DeleteAsync(world.Root, sandbox.Id, default),
            ];
            await Task.WhenAll(all).ContinueWith(_ => { }, TaskScheduler.Default);
            Assert.All(all.Where(task => task.IsFaulted), task =>
                Assert.Contains(Assert.IsType<FaultException>(task.Exception!.InnerException).Fault.Code, new[] { FaultCode.WrongState, FaultCode.NotFound }));
            await gone;
        }

        Assert.Empty(world.Machine.Things);
    }
}
