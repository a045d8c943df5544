using System.Text;
using Atoll.Domain;
using Atoll.Domain.Files;
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
    private static readonly FilePath s_mark = new("/root/mark");
    private readonly SandboxId _id = SandboxId.New(DateTimeOffset.UtcNow);
    private readonly ImageId _image = ImageId.New(DateTimeOffset.UtcNow);

    /// <summary>Makes a fresh node of which nothing else exists; the contract disposes of it.</summary>
    private protected abstract Task<ContractNode> CreateAsync(LaunchFaults faults);

    [Fact]
    public async Task A_sandbox_comes_back_with_its_files_and_its_processes()
    {
        await using ContractNode world = await CreateAsync(LaunchFaults.None);
        ProcessInfo sleeper = await LaunchAsync(world);
        await WriteAsync(world.Node.Agent(_id), "as it was");

        SandboxImage taken = await world.Node.CaptureAsync(_id, _image, AfterCapture.StandStill, Soon());
        Assert.Equal((_image, _id), (taken.Id, taken.Source));
        await world.Node.CleanAsync(_id, Soon());
        Assert.Empty(await world.TracesAsync());
        await world.Node.LaunchAsync(world.Request(_id) with { From = _image, Start = ["sleep", "600"] }, _ => { }, Soon());

        IAgent agent = world.Node.Agent(_id);
        Assert.Equal("as it was", await ReadAsync(agent));
        Assert.Equal(sleeper.Pid, Assert.Single(await agent.ListAsync(Soon()), process => process.Exit is null).Pid);
        await using Conversation again = Follow(agent, sleeper.Pid);
        Assert.Equal("kept\n", await again.UntilAsync("\n"));
        await agent.SignalAsync(sleeper.Pid, 9, wholeGroup: true, Soon());
        await again.EndAsync();
        Assert.Equal(9, again.Exit!.Signal);
    }

    [Fact]
    public async Task One_that_goes_on_and_those_made_of_its_image_do_not_see_each_other()
    {
        await using ContractNode world = await CreateAsync(LaunchFaults.None);
        ProcessInfo sleeper = await LaunchAsync(world);
        await WriteAsync(world.Node.Agent(_id), "before");
        await using Conversation follower = Follow(world.Node.Agent(_id), sleeper.Pid);
        await follower.UntilAsync("kept\n");

        await world.Node.CaptureAsync(_id, _image, AfterCapture.GoOn, Soon());
        await WriteAsync(world.Node.Agent(_id), "after");
        SandboxId[] forks = [SandboxId.New(DateTimeOffset.UtcNow), SandboxId.New(DateTimeOffset.UtcNow)];
        await Task.WhenAll(forks.Select(fork => world.Node.LaunchAsync(world.Request(fork) with { From = _image }, _ => { }, Soon())));

        foreach (SandboxId fork in forks)
        {
            Assert.Equal("before", await ReadAsync(world.Node.Agent(fork)));
            await WriteAsync(world.Node.Agent(fork), fork.Value);
            await world.Node.Agent(fork).SignalAsync(sleeper.Pid, 9, wholeGroup: true, Soon());
        }

        Assert.Equal(forks.Select(fork => fork.Value), await Task.WhenAll(forks.Select(fork => ReadAsync(world.Node.Agent(fork)))));
        Assert.Equal("after", await ReadAsync(world.Node.Agent(_id)));
        await world.Node.Agent(_id).SignalAsync(sleeper.Pid, 15, wholeGroup: true, Soon());
        await follower.EndAsync();
        Assert.Equal(15, follower.Exit!.Signal);
        foreach (SandboxId fork in forks)
        {
            await world.Node.CleanAsync(fork, Soon());
        }
    }

    [Fact]
    public async Task An_image_is_found_once_it_is_there_and_until_it_is_removed()
    {
        await using ContractNode world = await CreateAsync(LaunchFaults.None);
        await LaunchAsync(world);
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
        await LaunchAsync(world);

        await Assert.ThrowsAnyAsync<OperationCanceledException>(
            () => world.Node.CaptureAsync(_id, _image, AfterCapture.StandStill, new CancellationToken(canceled: true)));

        Assert.Empty(world.Node.ListImages());
        Assert.Single(await world.Node.Agent(_id).ListAsync(Soon()), process => process.Exit is null);
    }

    private static CancellationToken Soon() => new CancellationTokenSource(Bound).Token;

    private static Conversation Follow(IAgent agent, int pid) => new(agent, new ProcessInfo(pid, "", ["bash"], "/", default, null));

    private static Task WriteAsync(IAgent agent, string text) =>
        agent.Files.WriteAsync(s_mark, new FileWriting(), new MemoryStream(Encoding.UTF8.GetBytes(text)), Soon());

    private static async Task<string> ReadAsync(IAgent agent)
    {
        await using FileReading reading = await agent.Files.ReadAsync(s_mark, 0, null, Soon());
        using var text = new StreamReader(reading.Content);
        return await text.ReadToEndAsync(Soon());
    }

    private async Task<ProcessInfo> LaunchAsync(ContractNode world)
    {
        await world.Node.LaunchAsync(world.Request(_id), _ => { }, Soon());
        return await world.Node.Agent(_id).StartAsync(new ProcessSpec { Arguments = ["bash", "-c", "echo kept; sleep 600"] }, Soon());
    }
}
