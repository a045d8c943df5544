using Atoll.Control;
using Atoll.Control.Tenancy;
using Atoll.Domain;
using Atoll.Domain.Sandboxes;
using Atoll.Domain.Tenancy;
using Atoll.Unit.Control;
using Xunit;

namespace Atoll.Unit.Sandboxes;

/// <summary>How many sandboxes there may be, and how many may start at once.</summary>
public sealed class AdmissionTests
{
    private static readonly CreateSandbox Half = new() { MemoryMb = 8192, StorageGb = 1 };

    [Fact]
    public async Task A_user_has_a_quota_of_sandboxes_that_are_not_over()
    {
        await using ControlWorld world = await StartAsync(options => options with { MaxLivePerUser = 2 });
        Sandbox first = await world.CreateAsync();
        await world.CreateAsync();

        Assert.Equal(FaultCode.QuotaExceeded, (await ControlWorld.FaultAsync(() => world.CreateAsync())).Code);
        User eve = await world.Get<TenancyAdmin>().EnsureUserAsync("eve");
        await world.Sandboxes.CreateAsync(new Caller(eve, null), new CreateSandbox(), wait: true, default);
        await world.Sandboxes.TerminateAsync(world.Root, first.Id, default);
        await world.UntilAsync(first.Id, SandboxState.Terminated);
        await world.CreateAsync();
        Assert.Equal(3, (await world.Sandboxes.ListAsync(world.Root, new SandboxQuery(), default)).Total);
    }

    [Fact]
    public async Task Memory_is_promised_as_often_as_the_option_says()
    {
        await using ControlWorld world = await StartAsync(options => options with { MemoryOvercommit = 1 });
        Sandbox first = await world.CreateAsync(Half);
        await world.CreateAsync(Half);

        Fault fault = await ControlWorld.FaultAsync(() => world.CreateAsync());
        Assert.Equal(FaultCode.NoCapacity, fault.Code);
        Assert.StartsWith("0 MB of memory are left", fault.Message, StringComparison.Ordinal);
        await world.Sandboxes.DeleteAsync(world.Root, first.Id, default);
        await world.UntilAsync(first.Id, gone => gone is null);
        await world.CreateAsync(Half);
    }

    [Fact]
    public async Task Storage_is_promised_as_often_as_the_option_says_less_a_reserve()
    {
        await using ControlWorld world = await StartAsync(options => options with { StorageOvercommit = 1 });
        await world.CreateAsync(new CreateSandbox { StorageGb = 20 });

        Fault fault = await ControlWorld.FaultAsync(() => world.CreateAsync(new CreateSandbox { StorageGb = 20 }));
        Assert.Equal(FaultCode.NoCapacity, fault.Code);
        Assert.StartsWith("19 GB of storage are left", fault.Message, StringComparison.Ordinal);
        await world.CreateAsync(new CreateSandbox { StorageGb = 19 });
    }

    [Fact]
    public async Task A_disk_that_is_nearly_full_takes_no_more_sandboxes()
    {
        await using ControlWorld world = await StartAsync(options => options with { StorageReserve = long.MaxValue, StorageOvercommit = 1e12 });

        Fault fault = await ControlWorld.FaultAsync(() => world.CreateAsync());

        Assert.Equal(FaultCode.NoCapacity, fault.Code);
        Assert.Contains("disk is nearly full", fault.Message, StringComparison.Ordinal);
        Assert.Equal(0, (await world.Sandboxes.ListAsync(world.Root, new SandboxQuery(), default)).Total);
    }

    [Fact]
    public async Task Of_creates_at_the_same_moment_only_as_many_are_admitted_as_there_is_room_for()
    {
        await using ControlWorld world = await StartAsync(options => options with { MemoryOvercommit = 1, MaxLivePerUser = 5 });

        FaultCode?[] answers = await Task.WhenAll(Enumerable.Range(0, 50).Select(async _ =>
        {
            try
            {
                await world.CreateAsync();
                return (FaultCode?)null;
            }
            catch (FaultException e)
            {
                return e.Fault.Code;
            }
        }));

        Assert.Equal(5, answers.Count(code => code is null));
        Assert.Equal(45, answers.Count(code => code is FaultCode.QuotaExceeded));
        Assert.Equal(5, (await world.Sandboxes.ListAsync(world.Root, new SandboxQuery(), default)).Total);
    }

    [Fact]
    public async Task The_defaults_let_a_small_machine_run_dozens_of_default_sandboxes()
    {
        // The simulated machine has 16 GiB of memory and 40 GB of storage.
        await using ControlWorld world = await StartAsync(options => new ControlOptions { DataDirectory = options.DataDirectory });

        for (int i = 0; i < 60; i++)
        {
            await world.CreateAsync();
        }
    }

    [Fact]
    public async Task Only_so_many_launch_at_once_and_the_others_time_begins_with_their_turn()
    {
        int entered = 0, running = 0, most = 0;
        var twoEntered = new TaskCompletionSource();
        var allEntered = new TaskCompletionSource();
        var first = new TaskCompletionSource();
        var second = new TaskCompletionSource();
        await using ControlWorld world = await StartAsync(options => options with { ConcurrentLaunches = 2 }, w => w.OnStep = async (_, step, token) =>
        {
            if (step != "network")
            {
                return;
            }

            most = Math.Max(most, Interlocked.Increment(ref running));
            int turn = Interlocked.Increment(ref entered);
            if (turn == 2)
            {
                twoEntered.SetResult();
            }
            else if (turn == 4)
            {
                allEntered.SetResult();
            }

            await (turn <= 2 ? first : second).Task.WaitAsync(token);
            Interlocked.Decrement(ref running);
        });

        Task<Sandbox>[] creates = [.. Enumerable.Range(0, 4).Select(_ => world.CreateAsync())];
        await twoEntered.Task.WaitAsync(ControlWorld.Bound);
        world.Time.Advance(TimeSpan.FromSeconds(45));
        first.SetResult();
        // The fourth has its turn only once both of the first have ended theirs, so their time is no longer running.
        await allEntered.Task.WaitAsync(ControlWorld.Bound);
        world.Time.Advance(TimeSpan.FromSeconds(40));
        second.SetResult();

        Assert.All(await Task.WhenAll(creates), sandbox => Assert.Equal(SandboxState.Running, sandbox.State));
        Assert.Equal(2, most);
    }

    [Fact]
    public async Task A_launch_that_waits_for_its_turn_can_be_terminated_and_gives_up_at_its_bound()
    {
        var entered = new TaskCompletionSource();
        await using ControlWorld world = await StartAsync(
            options => options with { ConcurrentLaunches = 1, LaunchQueueTimeout = TimeSpan.FromSeconds(20) },
            w => w.OnStep = async (_, _, token) =>
            {
                entered.TrySetResult();
                await Task.Delay(Timeout.Infinite, token);
            });
        await world.CreateAsync(wait: false);
        await entered.Task.WaitAsync(ControlWorld.Bound);

        Sandbox unwanted = await world.CreateAsync(wait: false);
        await world.Sandboxes.TerminateAsync(world.Root, unwanted.Id, default);
        await world.UntilAsync(unwanted.Id, SandboxState.Terminated);
        Task<Fault> refused = ControlWorld.FaultAsync(() => world.CreateAsync());
        await world.Time.TimerAsync(TimeSpan.FromSeconds(20));
        world.Time.Advance(TimeSpan.FromSeconds(20));
        Assert.Equal(FaultCode.NoCapacity, (await refused).Code);
    }

    [Fact]
    public async Task A_node_that_proves_to_have_no_room_refuses_the_create_and_the_record_says_why()
    {
        await using ControlWorld world = await StartAsync(options => options, w => w.OnStep = (_, _, _) =>
            throw new Fault(FaultCode.NoCapacity, "every address is taken").AsException());

        Assert.Equal(new Fault(FaultCode.NoCapacity, "every address is taken"), await ControlWorld.FaultAsync(() => world.CreateAsync()));

        Sandbox failed = Assert.Single((await world.Sandboxes.ListAsync(world.Root, new SandboxQuery(), default)).Sandboxes);
        Assert.Equal((SandboxState.Failed, "every address is taken"), (failed.State, failed.Reason));
    }

    private static Task<ControlWorld> StartAsync(Func<ControlOptions, ControlOptions> choose, Action<ControlWorld>? prepare = null) =>
        ControlWorld.StartAsync(world =>
        {
            world.Options = choose(world.Options);
            prepare?.Invoke(world);
        });
}
