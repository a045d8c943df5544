using Atoll.Domain.Files;
using Atoll.Domain.Processes;
using Atoll.Domain.Sandboxes;
using Atoll.Host.Runtimes;
using Atoll.Node.Launch;
using Atoll.Unit.Runtimes;
using Xunit;

namespace Atoll.Host.Files;

/// <summary>One gVisor sandbox for all tests of a class.</summary>
public sealed class GVisorSandbox(GVisorMachine machine) : IAsyncLifetime
{
    private readonly GVisorContractNode _world = new(machine, LaunchFaults.None);
    private readonly SandboxId _id = SandboxId.New(DateTimeOffset.UtcNow);

    internal IAgent Agent => _world.Node.Agent(_id);

    public async Task InitializeAsync()
    {
        using var limit = new CancellationTokenSource(TimeSpan.FromMinutes(1));
        await _world.Node.LaunchAsync(_world.Request(_id), _ => { }, limit.Token);
    }

    public async Task DisposeAsync() => await _world.DisposeAsync();

    internal async Task RunAsync(string command)
    {
        using var limit = new CancellationTokenSource(TimeSpan.FromMinutes(1));
        ProcessInfo process = await Agent.StartAsync(new ProcessSpec { Arguments = ["sh", "-c", command] }, limit.Token);
        await foreach (ProcessEvent seen in Agent.AttachAsync(process.Pid, 0, limit.Token))
        {
            if (seen is ProcessEvent.Exited ended)
            {
                Assert.Equal(0, ended.Exit.Code);
            }
        }
    }
}

/// <summary>The contract of files over gVisor's kernel and the disk of a sandbox.</summary>
[Collection(GVisorCollection.Name)]
public sealed class GVisorFilesTests(GVisorSandbox sandbox) : FilesContract, IClassFixture<GVisorSandbox>
{
    private protected override Task<ISandboxFiles> OpenAsync() => Task.FromResult(sandbox.Agent.Files);

    private protected override Task LinkAsync(string path, string target) => sandbox.RunAsync($"ln -s {target} {path}");

    private protected override Task FifoAsync(string path) => sandbox.RunAsync($"mkfifo {path}");

    [Fact]
    public async Task A_full_disk_is_no_space_and_the_old_content_stays()
    {
        ISandboxFiles files = sandbox.Agent.Files;
        using var limit = new CancellationTokenSource(TimeSpan.FromMinutes(2));
        var path = new FilePath("/dev/shm/f");
        await files.WriteAsync(path, new FileWriting(), new MemoryStream([1, 2, 3]), limit.Token);

        // Half of the sandbox's memory is what /dev/shm holds.
        var full = await Assert.ThrowsAsync<Domain.FaultException>(
            () => files.WriteAsync(path, new FileWriting(), new EndlessStream(200 * 1024 * 1024), limit.Token));

        Assert.Equal(Domain.FaultCode.NoSpace, full.Fault.Code);
        Assert.Equal(3, (await files.StatAsync(path, limit.Token)).Size);
        await files.RemoveAsync(path, limit.Token);
    }
}
