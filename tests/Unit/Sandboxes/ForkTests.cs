using Atoll.Domain;
using Atoll.Domain.Processes;
using Atoll.Domain.Sandboxes;
using Atoll.Unit.Control;
using Xunit;

namespace Atoll.Unit.Sandboxes;

public sealed class ForkTests
{
    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task Copies_have_the_originals_memory_and_disk_and_an_identity_of_their_own(bool paused)
    {
        await using ControlWorld world = await ControlWorld.StartAsync();
        Sandbox original = await world.CreateAsync(new CreateSandbox
        {
            Name = "box",
            Timeout = TimeSpan.FromSeconds(600),
            Environment = new Dictionary<string, string> { ["A"] = "1" },
            Metadata = new Dictionary<string, string> { ["of"] = "original", ["kept"] = "yes" },
        });
        await world.WriteAsync(original.Id, "/root/kept", "as it was");
        Execution execution = await world.Executions.StartAsync(
            world.Root, original.Id, new ExecutionRequest("sleep 100", "/", new Dictionary<string, string>(), null), default);
        if (paused)
        {
            await world.PauseAsync(original.Id);
        }

        IReadOnlyList<Sandbox> copies = await world.ForkAsync(
            original.Id, new ForkSandbox { Count = 3, Metadata = new Dictionary<string, string> { ["of"] = "copy" } });

        Assert.Equal(["box-1", "box-2", "box-3"], copies.Select(copy => copy.Name));
        Assert.Equal(4, copies.Select(copy => copy.Id).Append(original.Id).Distinct().Count());
        foreach (Sandbox copy in copies)
        {
            Assert.Equal((SandboxState.Running, original.Timeout, original.Resources), (copy.State, copy.Timeout, copy.Resources));
            Assert.Equal(("1", "copy", "yes"), (copy.Environment["A"], copy.Metadata["of"], copy.Metadata["kept"]));
            Assert.Equal("as it was", await world.ReadAsync(copy.Id, "/root/kept"));
            Assert.Equal(execution, await world.Executions.ActiveAsync(world.Root, copy.Id, default));
            Assert.Equal(world.Time.GetUtcNow(), copy.StartedAt);
        }

        await world.ImagesAsync(paused ? 1 : 0);
        Assert.Equal(paused ? SandboxState.Paused : SandboxState.Running, (await world.Sandboxes.GetAsync(world.Root, original.Id, default)).State);
        await world.WriteAsync(copies[0].Id, "/root/kept", "of a copy");
        Assert.Equal("as it was", await world.ReadAsync(copies[1].Id, "/root/kept"));
    }

    [Fact]
    public async Task Copies_that_fail_are_records_in_that_state_and_leave_nothing_else()
    {
        int restores = 0;
        await using ControlWorld world = await ControlWorld.StartAsync(w => w.OnStep = (_, step, _) =>
            step == "restore" && Interlocked.Increment(ref restores) == 2 ? throw new IOException("a broken disk") : Task.CompletedTask);
        Sandbox original = await world.CreateAsync();

        IReadOnlyList<Sandbox> copies = await world.ForkAsync(original.Id, new ForkSandbox { Count = 3 });

        Assert.Equal(2, copies.Count(copy => copy.State is SandboxState.Running));
        Sandbox failed = Assert.Single(copies, copy => copy.State is SandboxState.Failed);
        Assert.Contains("the node could not start it", failed.Reason, StringComparison.Ordinal);
        await world.AsleepAsync(failed.Id);
        Assert.DoesNotContain(world.Machine.Things, thing => thing.Id == failed.Id);
        await world.ImagesAsync(0);
    }

    [Fact]
    public async Task Copies_for_which_there_is_no_room_are_told_and_without_any_the_fork_is_refused()
    {
        await using ControlWorld world = await ControlWorld.StartAsync(w => w.Options = w.Options with { MaxLivePerUser = 3 });
        Sandbox original = await world.CreateAsync();

        IReadOnlyList<Sandbox> copies = await world.ForkAsync(original.Id, new ForkSandbox { Count = 4 });
        Fault refused = await ControlWorld.FaultAsync(() => world.ForkAsync(original.Id, new ForkSandbox { Count = 2 }));

        Assert.Equal(2, copies.Count(copy => copy.State is SandboxState.Running));
        Assert.All(copies.Where(copy => copy.State is not SandboxState.Running), copy => Assert.Equal(SandboxState.Failed, copy.State));
        Assert.Equal(FaultCode.QuotaExceeded, refused.Code);
        await world.ImagesAsync(0);
    }

    [Fact]
    public async Task A_capture_that_fails_makes_no_copy_and_the_original_runs_on()
    {
        await using ControlWorld world = await ControlWorld.StartAsync(w => w.OnStep = (_, step, _) =>
            step == "capture" ? throw new Fault(FaultCode.NotCapturable, "a tunnel device").AsException() : Task.CompletedTask);
        Sandbox original = await world.CreateAsync();

        Assert.Equal(FaultCode.NotCapturable, (await ControlWorld.FaultAsync(() => world.ForkAsync(original.Id, new ForkSandbox()))).Code);

        Assert.Equal(SandboxState.Running, (await world.UntilAsync(original.Id, SandboxState.Running)).State);
        Assert.Single((await world.Sandboxes.ListAsync(world.Root, new SandboxQuery(), default)).Sandboxes);
    }

    [Theory]
    [InlineData(0)]
    [InlineData(101)]
    public async Task A_count_out_of_bounds_is_refused(int count)
    {
        await using ControlWorld world = await ControlWorld.StartAsync();
        Sandbox original = await world.CreateAsync();

        Fault refused = await ControlWorld.FaultAsync(() => world.ForkAsync(original.Id, new ForkSandbox { Count = count }));

        Assert.Equal((FaultCode.InvalidArgument, "count"), (refused.Code, refused.Field));
    }

    [Fact]
    public async Task Two_forks_at_once_of_a_running_sandbox_follow_each_other()
    {
        await using ControlWorld world = await ControlWorld.StartAsync();
        Sandbox original = await world.CreateAsync();

        IReadOnlyList<Sandbox>[] both = await Task.WhenAll(world.ForkAsync(original.Id, new ForkSandbox()), world.ForkAsync(original.Id, new ForkSandbox()));

        Assert.All(both, copies => Assert.Equal(SandboxState.Running, Assert.Single(copies).State));
        await world.ImagesAsync(0);
    }

    [Fact]
    public async Task The_image_of_a_paused_original_that_is_resumed_stays_until_its_copies_run()
    {
        var held = new TaskCompletionSource();
        var entered = new TaskCompletionSource();
        await using ControlWorld world = await ControlWorld.StartAsync();
        Sandbox original = await world.CreateAsync();
        await world.PauseAsync(original.Id);
        world.OnStep = (id, step, _) =>
        {
            if (id == original.Id || step != "restore")
            {
                return Task.CompletedTask;
            }

            entered.TrySetResult();
            return held.Task;
        };
        Task<IReadOnlyList<Sandbox>> fork = world.ForkAsync(original.Id, new ForkSandbox());
        await entered.Task.WaitAsync(ControlWorld.Bound);

        await world.ResumeAsync(original.Id);
        held.SetResult();

        Assert.Equal(SandboxState.Running, Assert.Single(await fork).State);
        await world.ImagesAsync(0);
    }
}
