using Atoll.Domain.Nodes;
using Atoll.Domain.Processes;
using Atoll.Domain.Sandboxes;
using Atoll.Domain.Snapshots;
using Atoll.Node.Launch;
using Atoll.Unit.Runtimes;
using Xunit;

namespace Atoll.Host.Runtimes;

/// <summary>The contract of images over real gVisor sandboxes, and what only their memory can show.</summary>
[Collection(GVisorCollection.Name)]
public sealed class GVisorImageTests(GVisorMachine machine) : ImageContract
{
    private protected override Task<ContractNode> CreateAsync(LaunchFaults faults) =>
        Task.FromResult<ContractNode>(new GVisorContractNode(machine, faults));

    [Fact]
    public async Task A_sandbox_that_goes_on_and_those_made_of_its_image_go_their_own_ways()
    {
        SandboxId id = SandboxId.New(DateTimeOffset.UtcNow);
        ImageId image = ImageId.New(DateTimeOffset.UtcNow);
        await using ContractNode world = await CreateAsync(LaunchFaults.None);
        await world.Node.LaunchAsync(world.Request(id), _ => { }, Soon());
        await using Conversation shell = await Conversation.StartAsync(world.Node.Agent(id), new ProcessSpec { Arguments = ["bash"], TakesInput = true });
        await SayAsync(shell, "A=before; echo before > /tmp/mark; echo done\n");

        await world.Node.CaptureAsync(id, image, AfterCapture.GoOn, Soon());
        Assert.Equal("after\n", await SayAsync(shell, "A=after; echo after > /tmp/mark; cat /tmp/mark\n"));
        SandboxId[] forks = [SandboxId.New(DateTimeOffset.UtcNow), SandboxId.New(DateTimeOffset.UtcNow)];
        await Task.WhenAll(forks.Select(fork => world.Node.LaunchAsync(world.Request(fork) with { From = image }, _ => { }, Soon())));

        foreach (SandboxId fork in forks)
        {
            await using Conversation forked = new Conversation(world.Node.Agent(fork), new ProcessInfo(shell.Pid, "", [], "/", default, null));
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

    private static CancellationToken Soon() => new CancellationTokenSource(TimeSpan.FromSeconds(60)).Token;

    private static async Task<string> SayAsync(Conversation shell, string command)
    {
        await shell.TypeAsync(command);
        return await shell.UntilAsync("\n");
    }
}
