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

/// <summary>What a node does around its driver's steps, with one step that the tests hold in their hands.</summary>
public sealed class SandboxNodeTests : IDisposable
{
    private static readonly TimeSpan Bound = TimeSpan.FromSeconds(20);
    private readonly string _directory = Directory.CreateTempSubdirectory("atoll-node-").FullName;
    private readonly SandboxId _id = SandboxId.New(DateTimeOffset.UtcNow);
    private readonly HeldDriver _driver = new();

    public void Dispose() => Directory.Delete(_directory, recursive: true);

    [Fact]
    public async Task A_sandbox_that_ends_by_itself_is_released_before_it_is_reported()
    {
        SandboxNode node = await LaunchedAsync();

        _driver.Ended.SetResult("it broke");
        SandboxLost lost = await node.Lost.ReadAsync().AsTask().WaitAsync(Bound);

        Assert.Equal("it broke", lost.Reason);
        Assert.Equal(1, _driver.Releases);
        _driver.GoOn.SetResult();
        await node.CleanAsync(_id, default).WaitAsync(Bound);
        Assert.Equal(1, _driver.Releases);
    }

    [Fact]
    public async Task A_clean_that_takes_long_is_waited_for_no_longer_than_asked_and_goes_on()
    {
        SandboxNode node = await LaunchedAsync();
        using var limit = new CancellationTokenSource();
        Task impatient = node.CleanAsync(_id, limit.Token);
        await _driver.UndoBegan.Task.WaitAsync(Bound);

        await limit.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => impatient.WaitAsync(Bound));
        Task again = node.CleanAsync(_id, default);

        Assert.False(again.IsCompleted);
        _driver.GoOn.SetResult();
        await again.WaitAsync(Bound);
        Assert.Equal(1, _driver.Undos);
        Assert.Empty(await node.ListAsync(default));
    }

    private async Task<SandboxNode> LaunchedAsync()
    {
        var node = new SandboxNode(
            _driver, new LaunchJournal(_directory), LaunchFaults.None, new NodeCapabilities("held", "us-east", 1, 128, 1), NullLoggerFactory.Instance);
        var request = new LaunchRequest(
            _id, "box", new TemplateId("tpl-x"), new SandboxResources(1, 128, 1), new Dictionary<string, string>(), AllowInternetAccess: false);
        await node.LaunchAsync(request, _ => { }, default).WaitAsync(Bound);
        return node;
    }

    /// <summary>Its one step is undone when the test says so.</summary>
    private sealed class HeldDriver : IRuntimeDriver, ILaunchStep
    {
        public TaskCompletionSource<string> Ended { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);

        public TaskCompletionSource UndoBegan { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);

        public TaskCompletionSource GoOn { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);

        public int Releases { get; private set; }

        public int Undos { get; private set; }

        public string Name => "held";

        public SandboxPhase Phase => SandboxPhase.Allocating;

        public IReadOnlyList<ILaunchStep> Steps => [this];

        public Task DoAsync(LaunchContext context, CancellationToken cancellation)
        {
            context.Running = new RunningSandbox(null!, Ended.Task, () =>
            {
                Releases++;
                return ValueTask.CompletedTask;
            });
            return Task.CompletedTask;
        }

        public Task UndoAsync(JournaledRecord record)
        {
            Undos++;
            UndoBegan.TrySetResult();
            return GoOn.Task;
        }

        public Task<RuntimeProbe> ProbeAsync(CancellationToken cancellation) => throw new NotSupportedException();

        public Task PrepareAsync(CancellationToken cancellation) => throw new NotSupportedException();

        public Task RetireAsync() => throw new NotSupportedException();

        public Task<RunningSandbox> AdoptAsync(LaunchRecord record, CancellationToken cancellation) => throw new NotSupportedException();
    }
}
