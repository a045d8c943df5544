using Atoll.Control.Recovery;
using Atoll.Domain.Sandboxes;
using Atoll.Domain.Snapshots;
using Xunit;

namespace Atoll.Unit.Control;

/// <summary>A server that is killed while it pauses, resumes or forks, and started again.</summary>
public sealed class PauseRecoveryTests
{
    [Theory]
    [InlineData("capture", SandboxState.Running)]
    [InlineData("captured", SandboxState.Paused)]
    public async Task A_pause_that_a_kill_interrupts_counts_when_its_image_is_complete_and_else_has_not_been(string at, SandboxState expected)
    {
        await using Interrupted world = await Interrupted.StartAsync(at);
        Sandbox sandbox = await world.CreateAsync();
        await world.UntilKilledAsync(() => world.Control.Sandboxes.PauseAsync(world.Control.Root, sandbox.Id, wait: false, default));

        await world.Control.StartControlAsync();
        Sandbox after = await world.Control.UntilAsync(sandbox.Id, expected);

        Assert.Equal(expected is SandboxState.Paused, after.Image is not null);
        Assert.Equal(expected is SandboxState.Running, world.Control.Machine.Things.Count > 0);
        await world.LivesOnAsync(sandbox.Id);
    }

    [Theory]
    [InlineData("network")]
    [InlineData("disk")]
    [InlineData("restore")]
    [InlineData("runtime")]
    public async Task A_resume_that_a_kill_interrupts_has_not_been_and_can_be_tried_again(string at)
    {
        await using Interrupted world = await Interrupted.StartAsync();
        Sandbox sandbox = await world.CreateAsync();
        Sandbox paused = await world.Control.PauseAsync(sandbox.Id);
        world.At = at;
        await world.UntilKilledAsync(() => world.Control.Sandboxes.ResumeAsync(world.Control.Root, sandbox.Id, null, wait: false, default));

        await world.Control.StartControlAsync();
        Sandbox after = await world.Control.UntilAsync(sandbox.Id, SandboxState.Paused);

        Assert.Equal((paused.Image, "the server stopped while it was being resumed"), (after.Image, after.Reason));
        await world.LivesOnAsync(sandbox.Id);
    }

    [Theory]
    [InlineData("capture")]
    [InlineData("captured")]
    public async Task A_fork_that_a_kill_interrupts_leaves_the_original_running_and_no_image(string at)
    {
        await using Interrupted world = await Interrupted.StartAsync(at);
        Sandbox sandbox = await world.CreateAsync();
        await world.UntilKilledAsync(() =>
        {
            _ = world.Control.Sandboxes.ForkAsync(world.Control.Root, sandbox.Id, new ForkSandbox(), default);
            return Task.CompletedTask;
        });

        await world.Control.StartControlAsync();
        await world.Control.UntilAsync(sandbox.Id, SandboxState.Running);
        await world.Control.Get<Reconciler>().RunAsync(default);

        await world.Control.ImagesAsync(0);
        await world.LivesOnAsync(sandbox.Id);
    }

    [Fact]
    public async Task Paused_sandboxes_outlive_a_reboot_and_running_ones_are_failed_with_that_reason()
    {
        await using ControlWorld world = await ControlWorld.StartAsync();
        Sandbox paused = await world.CreateAsync();
        Sandbox running = await world.CreateAsync();
        await world.PauseAsync(paused.Id);
        await world.StopAsync();
        world.LoseMachine();
        world.Options = world.Options with { BootId = "another" };
        await world.StartControlAsync();

        Assert.Equal("the machine was rebooted while it ran", (await world.UntilAsync(running.Id, SandboxState.Failed)).Reason);
        Assert.Equal(SandboxState.Running, (await world.ResumeAsync(paused.Id)).State);
        await world.RestartAsync();
        Assert.Equal(SandboxState.Running, world.Actors.Read(paused.Id)!.State);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task A_paused_sandbox_whose_image_is_gone_or_damaged_is_failed(bool whileDown)
    {
        await using ControlWorld world = await ControlWorld.StartAsync();
        Sandbox sandbox = await world.CreateAsync();
        ImageId image = (await world.PauseAsync(sandbox.Id)).Image!.Value;
        world.Machine.Images[image] = world.Machine.Images[image] with { Damaged = true };

        if (whileDown)
        {
            await world.RestartAsync();
        }
        else
        {
            await world.Get<Reconciler>().RunAsync(default);
        }

        Sandbox failed = await world.UntilAsync(sandbox.Id, SandboxState.Failed);
        Assert.Equal("the image that it was paused to is not there any more, or damaged", failed.Reason);
        await world.ImagesAsync(0);
    }

    [Fact]
    public async Task The_reconciler_removes_images_that_nothing_refers_to_and_no_others()
    {
        await using ControlWorld world = await ControlWorld.StartAsync();
        Sandbox paused = await world.CreateAsync();
        await world.PauseAsync(paused.Id);
        Snapshot snapshot = await world.SnapshotAsync((await world.CreateAsync()).Id, null);
        ImageId orphan = world.MakeImage(paused.Id);

        await world.Get<Reconciler>().RunAsync(default);

        Assert.Null(world.Node.FindImage(orphan));
        Assert.NotNull(world.Node.FindImage(snapshot.Image));
        Assert.Equal(SandboxState.Running, (await world.ResumeAsync(paused.Id)).State);
    }

    [Fact]
    public async Task A_hundred_sandboxes_in_every_state_are_in_a_correct_one_after_a_restart()
    {
        await using ControlWorld world = await ControlWorld.StartAsync();
        SandboxId[] ids = [.. (await Task.WhenAll(Enumerable.Range(0, 100).Select(_ => world.CreateAsync()))).Select(sandbox => sandbox.Id)];
        await Task.WhenAll(ids.Take(50).Select(world.PauseAsync));
        await world.KillAsync();
        await world.StartControlAsync();

        Assert.All(ids.Take(50), id => Assert.Equal(SandboxState.Paused, world.Actors.Read(id)!.State));
        Assert.All(ids.Skip(50), id => Assert.Equal(SandboxState.Running, world.Actors.Read(id)!.State));
        await Task.WhenAll(ids.Take(50).Select(id => world.ResumeAsync(id)));
        Assert.Equal(100, (await world.Node.ListAsync(default)).Count);
    }

    /// <summary>A server that is killed when it comes to a point.</summary>
    private sealed class Interrupted : IAsyncDisposable
    {
        private readonly TaskCompletionSource _reached = new(TaskCreationOptions.RunContinuationsAsynchronously);

        public ControlWorld Control { get; private set; } = null!;

        public string? At { get; set; }

        public static async Task<Interrupted> StartAsync(string? at = null)
        {
            var world = new Interrupted();
            world.Control = await ControlWorld.StartAsync(control => control.OnStep = async (_, step, _) =>
            {
                if (step == world.At && world._reached.TrySetResult())
                {
                    await Task.Delay(Timeout.Infinite, control.Over);
                }
            });
            world.At = at;
            return world;
        }

        public async Task<Sandbox> CreateAsync()
        {
            Sandbox sandbox = await Control.CreateAsync(new CreateSandbox { Timeout = TimeSpan.FromHours(1) });
            await Control.WriteAsync(sandbox.Id, "/root/kept", "as it was");
            return sandbox;
        }

        public async Task UntilKilledAsync(Func<Task> operation)
        {
            await operation();
            await _reached.Task.WaitAsync(ControlWorld.Bound);
            await Control.KillAsync();
        }

        /// <summary>Whatever state it is in, it can be paused and resumed once more and has lost nothing.</summary>
        public async Task LivesOnAsync(SandboxId id)
        {
            Sandbox sandbox = await Control.ConnectAsync(id);
            Assert.Equal(SandboxState.Running, sandbox.State);
            await Control.PauseAsync(id);
            await Control.ResumeAsync(id);
            Assert.Equal("as it was", await Control.ReadAsync(id, "/root/kept"));
        }

        public ValueTask DisposeAsync() => Control.DisposeAsync();
    }
}
