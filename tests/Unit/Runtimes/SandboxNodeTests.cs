using Atoll.Domain.Nodes;
using Atoll.Domain.Sandboxes;
using Atoll.Domain.Templates;
using Atoll.Node;
using Atoll.Node.Launch;
using Atoll.Node.Recovery;
using Atoll.Node.Resources;
using Atoll.Node.Runtimes;
using Atoll.Node.Runtimes.Simulated;
using Microsoft.Extensions.Logging.Abstractions;
using Xunit;

namespace Atoll.Unit.Runtimes;

/// <summary>What the node itself owes, whatever its driver.</summary>
public sealed class SandboxNodeTests : IDisposable
{
    private static readonly TimeSpan Bound = TimeSpan.FromSeconds(60);
    private readonly string _directory = Directory.CreateTempSubdirectory("atoll-node-").FullName;

    public void Dispose() => Directory.Delete(_directory, recursive: true);

    [Theory]
    [InlineData(null, "it was killed")]
    [InlineData("no handle", "it could not be watched: no handle")]
    public async Task A_sandbox_that_ends_by_itself_is_reported_and_let_go_of(string? failure, string reason)
    {
        var driver = new OneStepDriver();
        SandboxId id = SandboxId.New(DateTimeOffset.UtcNow);
        SandboxNode node = await LaunchedAsync(driver, id);
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
        Assert.True(driver.Released.Task.IsCompleted, "it is released before it is reported");
        Assert.Equal("could not be taken back; the operator's log has the details", await node.AdoptAsync(id, default));
        Assert.Equal([id], await node.ListAsync(default));
    }

    [Fact]
    public async Task A_clean_that_takes_long_is_waited_for_no_longer_than_asked_and_goes_on()
    {
        var driver = new OneStepDriver { UndoMayEnd = new TaskCompletionSource() };
        SandboxId id = SandboxId.New(DateTimeOffset.UtcNow);
        SandboxNode node = await LaunchedAsync(driver, id);
        using var limit = new CancellationTokenSource();
        Task impatient = node.CleanAsync(id, limit.Token);
        await driver.UndoBegan.Task.WaitAsync(Bound);

        await limit.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => impatient.WaitAsync(Bound));
        Task again = node.CleanAsync(id, default);

        Assert.False(again.IsCompleted);
        driver.UndoMayEnd.SetResult();
        await again.WaitAsync(Bound);
        Assert.Equal(1, driver.Undos);
        Assert.Empty(await node.ListAsync(default));
    }

    private async Task<SandboxNode> LaunchedAsync(OneStepDriver driver, SandboxId id)
    {
        var node = new SandboxNode(
            driver, new LaunchJournal(Path.Combine(_directory, "launches")), LaunchFaults.None,
            new NodeCapabilities("one-step", "us-east", 1, 512, 1), NullLoggerFactory.Instance);
        var request = new LaunchRequest(
            id, "box", new TemplateId("tpl-0"), new SandboxResources(1, 512, 1), new Dictionary<string, string>(), AllowInternetAccess: false);
        await node.LaunchAsync(request, _ => { }, default);
        return node;
    }

    /// <summary>Its only step makes a sandbox that ends when the test says so.</summary>
    private sealed class OneStepDriver : IRuntimeDriver, ILaunchStep
    {
        public IImages Images { get; } = new SimulatedImages(new SimulatedMachine(TimeProvider.System), new SimulatedOptions());

        public TaskCompletionSource<string> Ended { get; } = new();

        public TaskCompletionSource Released { get; } = new();

        public TaskCompletionSource UndoBegan { get; } = new();

        /// <summary>Holds the undo of the step; null to let it go on.</summary>
        public TaskCompletionSource? UndoMayEnd { get; init; }

        public int Undos { get; private set; }

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

        public SandboxUsage Measure(SandboxId id) => throw new IOException("nothing runs");

        public Task UndoAsync(JournaledRecord record)
        {
            Undos++;
            UndoBegan.TrySetResult();
            return UndoMayEnd?.Task ?? Task.CompletedTask;
        }

        public Task<RuntimeProbe> ProbeAsync(CancellationToken cancellation) => Task.FromResult(new RuntimeProbe(null, null, ""));

        public Task PrepareAsync(CancellationToken cancellation) => Task.CompletedTask;

        public Task RetireAsync() => Task.CompletedTask;

        public Task<RunningSandbox> AdoptAsync(LaunchRecord record, CancellationToken cancellation) => throw new IOException("gone");
    }
}
