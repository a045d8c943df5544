using Atoll.Domain.Nodes;
using Atoll.Domain.Sandboxes;
using Atoll.Domain.Templates;
using Atoll.Node;
using Atoll.Node.Launch;
using Atoll.Node.Recovery;
using Atoll.Node.Runtimes;
using Microsoft.Extensions.Logging.Abstractions;
using Xunit;

namespace Atoll.Unit.Runtimes;

/// <summary>What the node itself owes, whatever its driver.</summary>
public sealed class SandboxNodeTests : IDisposable
{
    private static readonly TimeSpan Bound = TimeSpan.FromSeconds(20);
    private readonly string _directory = Directory.CreateTempSubdirectory("atoll-node-").FullName;

    public void Dispose() => Directory.Delete(_directory, recursive: true);

    [Theory]
    [InlineData(null, "it was killed")]
    [InlineData("no handle", "it could not be watched: no handle")]
    public async Task A_sandbox_that_ends_by_itself_is_reported_and_let_go_of(string? failure, string reason)
    {
        var driver = new OneStepDriver();
        var node = new SandboxNode(
            driver, new LaunchJournal(Path.Combine(_directory, "launches")), LaunchFaults.None,
            new NodeCapabilities("one-step", "us-east", 1, 512, 1), NullLoggerFactory.Instance);
        SandboxId id = SandboxId.New(DateTimeOffset.UtcNow);
        var request = new LaunchRequest(
            id, "box", new TemplateId("tpl-0"), new SandboxResources(1, 512, 1), new Dictionary<string, string>(), AllowInternetAccess: false);
        await node.LaunchAsync(request, _ => { }, default);
        Assert.Null(await node.AdoptAsync(id, default));
        Assert.False(driver.Released.Task.IsCompleted);

        if (failure is null)
        {
            driver.Ended.SetResult(reason);
        }
        else
        {
            driver.Ended.SetException(new IOException(failure));
        }

        Assert.Equal(new SandboxLost(id, reason), await node.Lost.ReadAsync().AsTask().WaitAsync(Bound));
        await driver.Released.Task.WaitAsync(Bound);
        Assert.Equal("could not be taken back; the operator's log has the details", await node.AdoptAsync(id, default));
        Assert.Equal([id], await node.ListAsync(default));
    }

    /// <summary>Its only step makes a sandbox that ends when the test says so.</summary>
    private sealed class OneStepDriver : IRuntimeDriver, ILaunchStep
    {
        public TaskCompletionSource<string> Ended { get; } = new();

        public TaskCompletionSource Released { get; } = new();

        public string Name => "one-step";

        public SandboxPhase Phase => SandboxPhase.Deploying;

        public IReadOnlyList<ILaunchStep> Steps => [this];

        public Task DoAsync(LaunchContext context, CancellationToken cancellation)
        {
            context.Running = new RunningSandbox(null!, Ended.Task, () =>
            {
                Released.SetResult();
                return ValueTask.CompletedTask;
            });
            return Task.CompletedTask;
        }

        public Task UndoAsync(LaunchRecord record) => Task.CompletedTask;

        public Task<RuntimeProbe> ProbeAsync(CancellationToken cancellation) => Task.FromResult(new RuntimeProbe(null, null, ""));

        public Task PrepareAsync(CancellationToken cancellation) => Task.CompletedTask;

        public Task RetireAsync() => Task.CompletedTask;

        public Task<RunningSandbox> AdoptAsync(LaunchRecord record, CancellationToken cancellation) => throw new IOException("gone");
    }
}
