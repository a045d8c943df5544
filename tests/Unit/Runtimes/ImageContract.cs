using Atoll.Domain;
using Atoll.Domain.Nodes;
using Atoll.Domain.Processes;
using Atoll.Domain.Sandboxes;
using Atoll.Domain.Snapshots;
using Atoll.Node.Launch;
using Xunit;

namespace Atoll.Unit.Runtimes;

/// <summary>What every node must do with images, whichever driver it has. Derive, and say how to make the node.</summary>
public abstract class ImageContract
{
    private static readonly TimeSpan Bound = TimeSpan.FromSeconds(60);
    private readonly SandboxId _id = SandboxId.New(DateTimeOffset.UtcNow);
    private readonly ImageId _image = ImageId.New(DateTimeOffset.UtcNow);

    /// <summary>Makes a fresh node of which nothing else exists; the contract disposes of it.</summary>
    private protected abstract Task<ContractNode> CreateAsync(LaunchFaults faults);

    [Fact]
    public async Task A_sandbox_goes_on_where_its_image_was_taken()
    {
        await using ContractNode world = await CreateAsync(LaunchFaults.None);
        await using Conversation shell = await LaunchAsync(world);
        string said = await SayAsync(shell, "A=kept; echo $A $$\n");

        SandboxImage taken = await world.Node.CaptureAsync(_id, _image, AfterCapture.StandStill, Soon());
        Assert.Equal((_image, _id), (taken.Id, taken.Source));
        Assert.True(taken.Bytes > 0);
        await world.Node.CleanAsync(_id, Soon());
        Assert.Empty(await world.TracesAsync());
        await world.Node.LaunchAsync(world.Request(_id) with { From = _image }, _ => { }, Soon());

        await using Conversation again = Follow(world.Node.Agent(_id), shell.Pid);
        Assert.Equal(said, await again.UntilAsync("\n"));
        Assert.Equal(said, await SayAsync(again, "echo $A $$\n"));
    }

    [Fact]
    public async Task A_sandbox_that_goes_on_and_those_made_of_its_image_go_their_own_ways()
    {
        await using ContractNode world = await CreateAsync(LaunchFaults.None);
        await using Conversation shell = await LaunchAsync(world);
        await SayAsync(shell, "A=before; echo before > /tmp/mark; echo done\n");

        await world.Node.CaptureAsync(_id, _image, AfterCapture.GoOn, Soon());
        Assert.Equal("after\n", await SayAsync(shell, "A=after; echo after > /tmp/mark; cat /tmp/mark\n"));
        SandboxId[] forks = [SandboxId.New(DateTimeOffset.UtcNow), SandboxId.New(DateTimeOffset.UtcNow)];
        await Task.WhenAll(forks.Select(fork => world.Node.LaunchAsync(world.Request(fork) with { From = _image }, _ => { }, Soon())));

        foreach (SandboxId fork in forks)
        {
            await using Conversation forked = Follow(world.Node.Agent(fork), shell.Pid);
            Assert.Equal("done\n", await forked.UntilAsync("\n"));
            Assert.Equal("before before\n", await SayAsync(forked, "read M < /tmp/mark; echo $A $M\n"));
            Assert.Equal($"{fork}\n", await SayAsync(forked, $"A={fork}; echo $A\n"));
        }

        Assert.Equal("after\n", await SayAsync(shell, "echo $A\n"));
        foreach (SandboxId fork in forks)
        {
            await world.Node.CleanAsync(fork, Soon());
        }
    }

    [Fact]
    public async Task An_image_is_found_once_it_is_there_and_until_it_is_removed()
    {
        await using ContractNode world = await CreateAsync(LaunchFaults.None);
        await using Conversation shell = await LaunchAsync(world);
        Assert.Null(world.Node.FindImage(_image));

        SandboxImage taken = await world.Node.CaptureAsync(_id, _image, AfterCapture.GoOn, Soon());
        Assert.Equal(taken, await world.Node.CaptureAsync(_id, _image, AfterCapture.GoOn, Soon()));
        Assert.Equal(taken, world.Node.FindImage(_image));
        Assert.Equal(taken, (await world.SecondAsync()).FindImage(_image));
        Assert.Equal([_image], world.Node.ListImages());

        await world.Node.RemoveImageAsync(_image, Soon());
        await world.Node.RemoveImageAsync(_image, Soon());
        Assert.Null(world.Node.FindImage(_image));
        Assert.Empty(world.Node.ListImages());
        SandboxId other = SandboxId.New(DateTimeOffset.UtcNow);
        FaultException refused = await Assert.ThrowsAsync<FaultException>(
            () => world.Node.LaunchAsync(world.Request(other) with { From = _image }, _ => { }, Soon()));
        Assert.Equal(FaultCode.IncompatibleImage, refused.Fault.Code);
        Assert.Equal([_id], await world.Node.ListAsync(Soon()));
    }

    [Fact]
    public async Task What_does_not_run_here_has_no_image()
    {
        await using ContractNode world = await CreateAsync(LaunchFaults.None);

        FaultException refused = await Assert.ThrowsAsync<FaultException>(() => world.Node.CaptureAsync(_id, _image, AfterCapture.GoOn, Soon()));

        Assert.Equal(FaultCode.AgentUnavailable, refused.Fault.Code);
        Assert.Empty(world.Node.ListImages());
    }

    [Fact]
    public async Task A_capture_that_nobody_waits_for_any_more_leaves_no_image_and_the_sandbox_runs_on()
    {
        await using ContractNode world = await CreateAsync(LaunchFaults.None);
        await using Conversation shell = await LaunchAsync(world);

        await Assert.ThrowsAnyAsync<OperationCanceledException>(
            () => world.Node.CaptureAsync(_id, _image, AfterCapture.StandStill, new CancellationToken(canceled: true)));

        Assert.Empty(world.Node.ListImages());
        Assert.Equal("on\n", await SayAsync(shell, "echo on\n"));
    }

    private static CancellationToken Soon() => new CancellationTokenSource(Bound).Token;

    private static Conversation Follow(IAgent agent, int pid) => new(agent, new ProcessInfo(pid, "", ["bash"], "/", default, null));

    private static async Task<string> SayAsync(Conversation shell, string command)
    {
        await shell.TypeAsync(command);
        return await shell.UntilAsync("\n");
    }

    private async Task<Conversation> LaunchAsync(ContractNode world)
    {
        await world.Node.LaunchAsync(world.Request(_id), _ => { }, Soon());
        return await Conversation.StartAsync(world.Node.Agent(_id), new ProcessSpec { Arguments = ["bash"], TakesInput = true });
    }
}
