using Atoll.Domain;
using Atoll.Domain.Sandboxes;
using Atoll.Domain.Snapshots;
using Atoll.Domain.Tenancy;
using Atoll.Unit.Control;
using Xunit;

namespace Atoll.Unit.Snapshots;

public sealed class SnapshotTests
{
    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task A_sandbox_made_of_a_snapshot_has_what_was_in_it_though_the_original_is_gone(bool paused)
    {
        await using ControlWorld world = await ControlWorld.StartAsync();
        Sandbox original = await world.CreateAsync(new CreateSandbox
        {
            MemoryMb = 1024, Environment = new Dictionary<string, string> { ["A"] = "1", ["B"] = "2" },
        });
        await world.WriteAsync(original.Id, "/root/kept", "as it was");
        if (paused)
        {
            await world.PauseAsync(original.Id);
        }

        Snapshot taken = await world.SnapshotAsync(original.Id, "ready");
        await world.Sandboxes.DeleteAsync(world.Root, original.Id, default);
        await world.UntilAsync(original.Id, seen => seen is null);
        Sandbox made = await world.CreateAsync(new CreateSandbox
        {
            Template = taken.Id.Value, Environment = new Dictionary<string, string> { ["B"] = "3" },
        });

        Assert.Equal((SandboxState.Running, taken.Image, original.Resources), (made.State, made.Source, made.Resources));
        Assert.Equal(("1", "3"), (made.Environment["A"], made.Environment["B"]));
        Assert.Equal((original.Template, "base"), (made.Template, made.TemplateName));
        Assert.Equal("as it was", await world.ReadAsync(made.Id, "/root/kept"));
        Assert.Equal(world.Node.FindImage(taken.Image)!.Bytes, taken.Bytes);
        await world.ImagesAsync(1);
    }

    [Theory]
    [InlineData("{id}")]
    [InlineData("{id}:default")]
    [InlineData("ready")]
    [InlineData("ready:default")]
    public async Task A_create_finds_a_snapshot_by_its_id_and_by_its_name(string reference)
    {
        await using ControlWorld world = await ControlWorld.StartAsync();
        Snapshot taken = await world.SnapshotAsync((await world.CreateAsync()).Id, "ready");

        Sandbox made = await world.CreateAsync(new CreateSandbox { Template = reference.Replace("{id}", taken.Id.Value) });

        Assert.Equal(taken.Image, made.Source);
    }

    [Fact]
    public async Task A_template_wins_over_a_snapshot_of_its_name()
    {
        await using ControlWorld world = await ControlWorld.StartAsync();
        await world.SnapshotAsync((await world.CreateAsync()).Id, "base");

        Assert.Null((await world.CreateAsync(new CreateSandbox { Template = "base" })).Source);
    }

    [Fact]
    public async Task Less_than_the_snapshot_has_is_refused()
    {
        await using ControlWorld world = await ControlWorld.StartAsync();
        Snapshot taken = await world.SnapshotAsync((await world.CreateAsync(new CreateSandbox { MemoryMb = 1024, StorageGb = 5 })).Id, null);

        Fault memory = await ControlWorld.FaultAsync(() => world.CreateAsync(new CreateSandbox { Template = taken.Id.Value, MemoryMb = 512 }));
        Fault storage = await ControlWorld.FaultAsync(() => world.CreateAsync(new CreateSandbox { Template = taken.Id.Value, StorageGb = 4 }));
        Sandbox larger = await world.CreateAsync(new CreateSandbox { Template = taken.Id.Value, MemoryMb = 2048, StorageGb = 6 });

        Assert.Equal(("memory_mb", "storage_gb"), (memory.Field, storage.Field));
        Assert.Equal((2048, 6), (larger.Resources.MemoryMb, larger.Resources.StorageGb));
    }

    [Fact]
    public async Task Snapshots_of_another_user_are_not_there()
    {
        await using ControlWorld world = await ControlWorld.StartAsync();
        Snapshot taken = await world.SnapshotAsync((await world.CreateAsync()).Id, "ready");
        var stranger = new Caller(world.Root.User with { Id = new UserId("usr-other"), Role = Role.Member }, null);

        Assert.Equal(FaultCode.NotFound, (await ControlWorld.FaultAsync(() => world.Snapshots.GetAsync(stranger, taken.Id, default))).Code);
        Assert.Equal(FaultCode.NotFound, (await ControlWorld.FaultAsync(() => world.Snapshots.DeleteAsync(stranger, taken.Id, default))).Code);
        Assert.Equal(FaultCode.NotFound, (await ControlWorld.FaultAsync(() => world.Snapshots.TakeAsync(stranger, taken.Sandbox, null, default))).Code);
        Assert.Equal(0, (await world.Snapshots.ListAsync(stranger, new SnapshotQuery(), default)).Total);
        foreach (string reference in new[] { taken.Id.Value, "ready" })
        {
            Fault refused = await ControlWorld.FaultAsync(
                () => world.Sandboxes.CreateAsync(stranger, new CreateSandbox { Template = reference }, true, default));
            Assert.Equal((FaultCode.InvalidArgument, "template"), (refused.Code, refused.Field));
        }
    }

    [Fact]
    public async Task A_name_is_given_once_and_is_free_again_after_a_delete()
    {
        await using ControlWorld world = await ControlWorld.StartAsync();
        Sandbox sandbox = await world.CreateAsync();
        Snapshot first = await world.SnapshotAsync(sandbox.Id, "ready");

        Fault taken = await ControlWorld.FaultAsync(() => world.SnapshotAsync(sandbox.Id, "ready"));
        Fault wrong = await ControlWorld.FaultAsync(() => world.SnapshotAsync(sandbox.Id, "Not a name"));
        await world.Snapshots.DeleteAsync(world.Root, first.Id, default);
        Snapshot second = await world.SnapshotAsync(sandbox.Id, "ready");

        Assert.Equal((FaultCode.AlreadyExists, FaultCode.InvalidArgument), (taken.Code, wrong.Code));
        Assert.Equal(second, await world.Snapshots.GetAsync(world.Root, second.Id, default) with { Environment = second.Environment });
        await world.ImagesAsync(1);
    }

    [Fact]
    public async Task Of_many_that_want_one_name_at_once_one_gets_it_and_no_image_is_left_over()
    {
        await using ControlWorld world = await ControlWorld.StartAsync();
        Sandbox sandbox = await world.CreateAsync();

        Fault?[] faults = await Task.WhenAll(Enumerable.Range(0, 5).Select(async _ =>
        {
            try
            {
                await world.SnapshotAsync(sandbox.Id, "ready");
                return null;
            }
            catch (FaultException e)
            {
                return e.Fault;
            }
        }));

        Assert.Equal(1, faults.Count(fault => fault is null));
        Assert.All(faults.OfType<Fault>(), fault => Assert.Equal(FaultCode.AlreadyExists, fault.Code));
        await world.ImagesAsync(1);
    }

    [Fact]
    public async Task A_user_has_a_quota_of_snapshots()
    {
        await using ControlWorld world = await ControlWorld.StartAsync(w => w.Options = w.Options with { MaxSnapshotsPerUser = 2 });
        Sandbox sandbox = await world.CreateAsync();
        await world.SnapshotAsync(sandbox.Id, null);
        await world.SnapshotAsync(sandbox.Id, null);

        Assert.Equal(FaultCode.QuotaExceeded, (await ControlWorld.FaultAsync(() => world.SnapshotAsync(sandbox.Id, null))).Code);
        await world.ImagesAsync(2);
    }

    [Fact]
    public async Task They_are_listed_newest_first_and_page_by_page()
    {
        await using ControlWorld world = await ControlWorld.StartAsync();
        Sandbox one = await world.CreateAsync();
        Sandbox other = await world.CreateAsync();
        List<Snapshot> taken = [];
        foreach (SandboxId id in new[] { one.Id, other.Id, one.Id })
        {
            world.Time.Advance(TimeSpan.FromSeconds(1));
            taken.Add(await world.SnapshotAsync(id, $"s{taken.Count}"));
        }

        SnapshotPage page = await world.Snapshots.ListAsync(world.Root, new SnapshotQuery { Limit = 2 }, default);
        SnapshotPage rest = await world.Snapshots.ListAsync(world.Root, new SnapshotQuery { After = page.Snapshots[^1].Id }, default);
        SnapshotPage ofOne = await world.Snapshots.ListAsync(world.Root, new SnapshotQuery { Sandbox = one.Id }, default);
        SnapshotPage named = await world.Snapshots.ListAsync(world.Root, new SnapshotQuery { Name = "s1" }, default);

        Assert.Equal(["s2", "s1"], page.Snapshots.Select(seen => seen.Name));
        Assert.Equal(3, page.Total);
        Assert.Equal("s0", Assert.Single(rest.Snapshots).Name);
        Assert.Equal(["s2", "s0"], ofOne.Snapshots.Select(seen => seen.Name));
        Assert.Equal(taken[1].Id, Assert.Single(named.Snapshots).Id);
        Assert.Equal("limit", (await ControlWorld.FaultAsync(() => world.Snapshots.ListAsync(world.Root, new SnapshotQuery { Limit = 501 }, default))).Field);
    }

    [Fact]
    public async Task An_image_goes_with_the_last_that_refers_to_it()
    {
        await using ControlWorld world = await ControlWorld.StartAsync();
        Sandbox sandbox = await world.CreateAsync();
        Sandbox paused = await world.PauseAsync(sandbox.Id);
        Snapshot taken = await world.SnapshotAsync(sandbox.Id, null);
        Assert.Equal(paused.Image, taken.Image);

        await world.ResumeAsync(sandbox.Id);
        Assert.NotNull(world.Node.FindImage(taken.Image));
        await world.Snapshots.DeleteAsync(world.Root, taken.Id, default);

        await world.ImagesAsync(0);
        Assert.Equal(FaultCode.NotFound, (await ControlWorld.FaultAsync(() => world.Snapshots.GetAsync(world.Root, taken.Id, default))).Code);
    }

    [Fact]
    public async Task A_snapshot_that_is_deleted_while_a_sandbox_starts_from_it_keeps_its_image_until_that_runs()
    {
        var held = new TaskCompletionSource();
        var entered = new TaskCompletionSource();
        await using ControlWorld world = await ControlWorld.StartAsync(w => w.OnStep = (_, step, _) =>
        {
            if (step != "restore")
            {
                return Task.CompletedTask;
            }

            entered.TrySetResult();
            return held.Task;
        });
        Snapshot taken = await world.SnapshotAsync((await world.CreateAsync()).Id, null);
        Task<Sandbox> create = world.CreateAsync(new CreateSandbox { Template = taken.Id.Value });
        await entered.Task.WaitAsync(ControlWorld.Bound);

        await world.Snapshots.DeleteAsync(world.Root, taken.Id, default);
        held.SetResult();

        Assert.Equal(SandboxState.Running, (await create).State);
        await world.ImagesAsync(0);
    }
}
