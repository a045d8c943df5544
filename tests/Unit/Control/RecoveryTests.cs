using Atoll.Control.Recovery;
using Atoll.Domain;
using Atoll.Domain.Nodes;
using Atoll.Domain.Processes;
using Atoll.Domain.Sandboxes;
using Atoll.Node.Launch;
using Xunit;

namespace Atoll.Unit.Control;

/// <summary>What a new control makes of what an earlier one left in the store and on the node.</summary>
public sealed class RecoveryTests
{
    public static TheoryData<string> LaunchPoints() =>
        [.. new[] { "network", "disk", "bundle", "runtime" }.SelectMany(step => new[] { $"before:{step}", $"after:{step}" })];

    [Theory]
    [MemberData(nameof(LaunchPoints))]
    public async Task A_server_killed_at_any_point_of_a_launch_leaves_a_failed_record_and_a_clean_node(string point)
    {
        using var released = new ManualResetEventSlim();
        var reached = new TaskCompletionSource();
        await using ControlWorld world = await ControlWorld.StartAsync(w =>
        {
            w.Faults = new LaunchFaults(at =>
            {
                if (at == point)
                {
                    reached.TrySetResult();
                    released.Wait(ControlWorld.Bound);
                    throw new IOException("the killed server must not go on");
                }
            });
        });
        try
        {
            Sandbox sandbox = await world.CreateAsync(wait: false);
            await reached.Task.WaitAsync(ControlWorld.Bound);
            await world.KillAsync();

            world.Faults = LaunchFaults.None;
            await world.StartControlAsync();

            Sandbox failed = await world.UntilAsync(sandbox.Id, SandboxState.Failed);
            await world.AsleepAsync(sandbox.Id);
            Assert.Equal("the server stopped while it was starting", failed.Reason);
            Assert.Empty(world.Machine.Things);
            Assert.Empty(await world.Node.ListAsync(default));
        }
        finally
        {
            released.Set();
        }
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task A_running_sandbox_runs_on_after_a_restart_with_its_processes_and_its_timeout(bool killed)
    {
        await using ControlWorld world = await ControlWorld.StartAsync();
        Sandbox sandbox = await world.CreateAsync();
        Execution execution = await world.Executions.StartAsync(
            world.Root, sandbox.Id, new ExecutionRequest("echo before; sleep 100", "/", new Dictionary<string, string>(), null), default);

        if (killed)
        {
            await world.KillAsync();
            await world.StartControlAsync();
        }
        else
        {
            await world.RestartAsync();
        }

        Assert.Equal(sandbox, (await world.Sandboxes.GetAsync(world.Root, sandbox.Id, default)) with
        {
            Metadata = sandbox.Metadata, Environment = sandbox.Environment, Ports = sandbox.Ports, Mounts = sandbox.Mounts,
        });
        Assert.Equal(execution, await world.Executions.ActiveAsync(world.Root, sandbox.Id, default));
        world.Time.Advance(TimeSpan.FromSeconds(301));
        await world.UntilAsync(sandbox.Id, SandboxState.Terminated);
    }

    [Fact]
    public async Task A_restart_is_over_only_when_the_timeouts_of_all_running_sandboxes_are_watched()
    {
        await using ControlWorld world = await ControlWorld.StartAsync();
        for (int i = 0; i < 50; i++)
        {
            await world.CreateAsync();
        }

        await world.RestartAsync();

        Assert.Equal(50, world.Actors.Wheel.Count);
    }

    [Fact]
    public async Task Sandboxes_whose_agents_are_dead_hold_up_a_start_only_once_and_briefly()
    {
        int asked = 0;
        var allAsked = new TaskCompletionSource();
        await using ControlWorld world = await ControlWorld.StartAsync();
        List<Sandbox> sandboxes = [];
        for (int i = 0; i < 16; i++)
        {
            sandboxes.Add(await world.CreateAsync());
        }

        await world.StopAsync();
        world.Between = node => new NodeBetween(node)
        {
            Adopt = (_, token) =>
            {
                if (Interlocked.Increment(ref asked) == sandboxes.Count)
                {
                    allAsked.TrySetResult();
                }

                return Task.Delay(Timeout.Infinite, token).ContinueWith<string?>(_ => throw new OperationCanceledException(token), TaskScheduler.Default);
            },
        };
        Task start = world.StartControlAsync();
        await allAsked.Task.WaitAsync(ControlWorld.Bound);
        world.Time.Advance(TimeSpan.FromSeconds(10));
        await start;

        foreach (Sandbox sandbox in sandboxes)
        {
            Sandbox failed = await world.UntilAsync(sandbox.Id, SandboxState.Failed);
            Assert.Equal("could not be taken back within 10 s after a restart of the server", failed.Reason);
        }
    }

    [Fact]
    public async Task A_sandbox_that_the_node_chokes_on_keeps_no_other_from_being_taken_back()
    {
        await using ControlWorld world = await ControlWorld.StartAsync();
        Sandbox bad = await world.CreateAsync();
        Sandbox good = await world.CreateAsync();
        await world.StopAsync();
        world.Between = node => new NodeBetween(node)
        {
            Adopt = (id, token) => id == bad.Id ? throw new InvalidDataException("/var/lib/x is no record") : node.AdoptAsync(id, token),
        };
        await world.StartControlAsync();

        Assert.Equal(SandboxState.Running, (await world.Sandboxes.GetAsync(world.Root, good.Id, default)).State);
        Assert.Equal("could not be taken back after a restart of the server", (await world.UntilAsync(bad.Id, SandboxState.Failed)).Reason);
    }

    [Fact]
    public async Task Records_of_what_has_been_over_for_long_are_forgotten_with_their_events()
    {
        await using ControlWorld world = await ControlWorld.StartAsync(w => w.Options = w.Options with { KeepFinished = TimeSpan.FromMinutes(10) });
        Sandbox old = await world.CreateAsync();
        Sandbox running = await world.CreateAsync(new CreateSandbox { Timeout = TimeSpan.FromHours(1) });
        await world.Sandboxes.TerminateAsync(world.Root, old.Id, default);
        await world.AsleepAsync(old.Id);
        world.Time.Advance(TimeSpan.FromMinutes(9));
        Sandbox young = await world.CreateAsync();
        await world.Sandboxes.TerminateAsync(world.Root, young.Id, default);
        await world.AsleepAsync(young.Id);
        await world.Get<Reconciler>().RunAsync(default);
        Assert.NotNull(world.Store.Find(old.Id));

        world.Time.Advance(TimeSpan.FromMinutes(1.1));
        await world.Get<Reconciler>().RunAsync(default);

        Assert.Null(world.Store.Find(old.Id));
        Assert.Equal("terminated", world.EventsOf(old.Id)[^1].To);
        Assert.Equal(SandboxState.Terminated, world.Store.Find(young.Id)!.State);
        Assert.Equal(SandboxState.Running, world.Store.Find(running.Id)!.State);
    }

    [Fact]
    public async Task A_sandbox_that_the_node_does_not_run_any_more_is_failed_even_without_a_report()
    {
        await using ControlWorld world = await ControlWorld.StartAsync();
        Sandbox gone = await world.CreateAsync();
        Sandbox other = await world.CreateAsync();
        await world.Node.CleanAsync(gone.Id, default);

        await world.Get<Reconciler>().RunAsync(default);

        Sandbox failed = await world.UntilAsync(gone.Id, SandboxState.Failed);
        Assert.Equal("ended, and the node noticed late: nothing of it is left on the node", failed.Reason);
        Assert.Equal(SandboxState.Running, (await world.Sandboxes.GetAsync(world.Root, other.Id, default)).State);
    }

    [Fact]
    public async Task A_sandbox_whose_machine_rebooted_is_failed_with_the_reason()
    {
        await using ControlWorld world = await ControlWorld.StartAsync();
        Sandbox sandbox = await world.CreateAsync();
        await world.StopAsync();
        world.LoseMachine();
        await world.StartControlAsync();

        Sandbox failed = await world.UntilAsync(sandbox.Id, SandboxState.Failed);
        await world.AsleepAsync(sandbox.Id);

        Assert.Contains("did not outlive a restart of the server: could not be taken back", failed.Reason, StringComparison.Ordinal);
        Assert.Empty(await world.Node.ListAsync(default));
    }

    [Fact]
    public async Task A_sandbox_that_expired_while_the_server_was_down_expires_at_once()
    {
        await using ControlWorld world = await ControlWorld.StartAsync();
        Sandbox sandbox = await world.CreateAsync();
        await world.StopAsync();
        world.Time.Advance(TimeSpan.FromHours(1));
        await world.StartControlAsync();

        Sandbox over = await world.UntilAsync(sandbox.Id, SandboxState.Terminated);
        Assert.Equal("reached its timeout of 300 s", over.Reason);
        Assert.Empty(world.Machine.Things);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task A_termination_that_a_kill_interrupted_goes_on(bool delete)
    {
        bool broken = true;
        await using ControlWorld world = await ControlWorld.StartAsync(w => w.OnUndo = (_, _) =>
        {
            if (broken)
            {
                throw new IOException("busy");
            }
        });
        Sandbox sandbox = await world.CreateAsync();
        await (delete
            ? world.Sandboxes.DeleteAsync(world.Root, sandbox.Id, default)
            : world.Sandboxes.TerminateAsync(world.Root, sandbox.Id, default));
        await world.Time.TimerAsync(TimeSpan.FromSeconds(1));
        await world.KillAsync();
        broken = false;
        await world.StartControlAsync();

        await world.UntilAsync(sandbox.Id, seen => delete ? seen is null : seen?.State == SandboxState.Terminated);
        Assert.Empty(world.Machine.Things);
    }

    [Theory]
    [InlineData(SandboxState.Created, SandboxState.Failed)]
    [InlineData(SandboxState.Starting, SandboxState.Failed)]
    [InlineData(SandboxState.Running, SandboxState.Failed)]
    [InlineData(SandboxState.Pausing, SandboxState.Failed)]
    [InlineData(SandboxState.Paused, SandboxState.Paused)]
    [InlineData(SandboxState.Resuming, SandboxState.Paused)]
    [InlineData(SandboxState.Forking, SandboxState.Failed)]
    [InlineData(SandboxState.Terminating, SandboxState.Terminated)]
    [InlineData(SandboxState.Terminated, SandboxState.Terminated)]
    [InlineData(SandboxState.Failed, SandboxState.Failed)]
    [InlineData(SandboxState.Error, SandboxState.Error)]
    public async Task A_record_of_which_the_node_has_nothing_ends_where_it_should(SandboxState left, SandboxState expected)
    {
        await using ControlWorld world = await ControlWorld.StartAsync();
        Sandbox sandbox = Record(world) with { State = left, StartedAt = world.Time.GetUtcNow() };
        if (left is SandboxState.Paused or SandboxState.Resuming)
        {
            sandbox = sandbox with { Image = world.MakeImage(sandbox.Id) };
        }

        await world.Store.InsertAsync(sandbox, "test");
        await world.RestartAsync();

        Assert.Equal(expected, (await world.UntilAsync(sandbox.Id, expected)).State);
    }

    [Fact]
    public async Task A_deletion_that_was_stored_before_the_record_was_removed_is_completed()
    {
        await using ControlWorld world = await ControlWorld.StartAsync();
        Sandbox sandbox = Record(world) with { State = SandboxState.Failed, DeleteRequested = true };
        await world.Store.InsertAsync(sandbox, "test");
        await world.RestartAsync();

        await world.UntilAsync(sandbox.Id, seen => seen is null);
    }

    [Fact]
    public async Task What_the_store_does_not_know_is_removed_from_the_node()
    {
        await using ControlWorld world = await ControlWorld.StartAsync();
        SandboxId orphan = SandboxId.New(world.Time.GetUtcNow());
        await world.Node.LaunchAsync(Request(orphan), _ => { }, default);
        Assert.Equal([orphan], await world.Node.ListAsync(default));

        await world.Get<Reconciler>().RunAsync(default);

        Assert.Empty(await world.Node.ListAsync(default));
        Assert.Empty(world.Machine.Things);
    }

    [Fact]
    public async Task What_is_over_in_the_store_is_removed_from_the_node()
    {
        await using ControlWorld world = await ControlWorld.StartAsync();
        Sandbox over = Record(world) with { State = SandboxState.Failed };
        await world.Store.InsertAsync(over, "test");
        await world.Node.LaunchAsync(Request(over.Id), _ => { }, default);

        await world.Get<Reconciler>().RunAsync(default);
        await world.AsleepAsync(over.Id);

        Assert.Empty(await world.Node.ListAsync(default));
    }

    [Fact]
    public async Task The_reconciler_touches_neither_a_launch_under_way_nor_a_running_sandbox()
    {
        var held = new TaskCompletionSource();
        var entered = new TaskCompletionSource();
        await using ControlWorld world = await ControlWorld.StartAsync();
        Sandbox running = await world.CreateAsync();
        world.OnStep = (_, step, _) =>
        {
            if (step != "bundle")
            {
                return Task.CompletedTask;
            }

            entered.TrySetResult();
            return held.Task;
        };
        Sandbox starting = await world.CreateAsync(wait: false);
        await entered.Task.WaitAsync(ControlWorld.Bound);

        await world.Get<Reconciler>().RunAsync(default);
        held.SetResult();

        await world.UntilAsync(starting.Id, SandboxState.Running);
        Assert.Equal(SandboxState.Running, (await world.Sandboxes.GetAsync(world.Root, running.Id, default)).State);
        Assert.Equal(2, (await world.Node.ListAsync(default)).Count);
    }

    [Fact]
    public async Task The_reconciler_runs_on_its_timer()
    {
        await using ControlWorld world = await ControlWorld.StartAsync();
        SandboxId orphan = SandboxId.New(world.Time.GetUtcNow());
        var removed = new TaskCompletionSource();
        await world.Node.LaunchAsync(Request(orphan), _ => { }, default);
        world.OnUndo = (id, step) =>
        {
            if (id == orphan && step == "network")
            {
                removed.TrySetResult();
            }
        };

        world.Time.Advance(TimeSpan.FromSeconds(30));

        await removed.Task.WaitAsync(ControlWorld.Bound);
    }

    [Fact]
    public async Task A_stop_while_a_sandbox_starts_undoes_the_launch()
    {
        var entered = new TaskCompletionSource();
        await using ControlWorld world = await ControlWorld.StartAsync(w => w.OnStep = async (_, step, token) =>
        {
            if (step == "disk")
            {
                entered.TrySetResult();
                await Task.Delay(Timeout.Infinite, token);
            }
        });
        Sandbox sandbox = await world.CreateAsync(wait: false);
        await entered.Task.WaitAsync(ControlWorld.Bound);

        await world.StopAsync();
        Assert.Empty(world.Machine.Things);
        await world.StartControlAsync();

        Sandbox failed = await world.UntilAsync(sandbox.Id, SandboxState.Failed);
        Assert.Equal("the server stopped while it was starting", failed.Reason);
    }

    private static LaunchRequest Request(SandboxId id) => new(
        id, "box", new Domain.Templates.TemplateId("tpl-00000000000000000000"), new SandboxResources(1, 512, 1), new Dictionary<string, string>(), true);

    private static Sandbox Record(ControlWorld world) => new()
    {
        Id = SandboxId.New(world.Time.GetUtcNow()),
        Owner = world.Root.User.Id,
        Name = "box",
        Template = new Domain.Templates.TemplateId("tpl-00000000000000000000"),
        TemplateName = "base",
        Resources = new SandboxResources(1, 512, 1),
        CreatedAt = world.Time.GetUtcNow(),
        UpdatedAt = world.Time.GetUtcNow(),
        Timeout = TimeSpan.FromMinutes(5),
    };
}
