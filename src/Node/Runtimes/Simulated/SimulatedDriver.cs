using Atoll.Domain.Nodes;
using Atoll.Domain.Sandboxes;
using Atoll.Node.Launch;
using Atoll.Node.Recovery;
using Atoll.Node.Resources;
using Microsoft.Extensions.Logging;

namespace Atoll.Node.Runtimes.Simulated;

/// <summary>Runs nothing: sandboxes are entries in memory and their commands are interpreted. Needs no root.</summary>
internal sealed class SimulatedDriver(SimulatedMachine machine, SimulatedOptions options) : IRuntimeDriver
{
    public const string RuntimeName = "simulated";

    public string Name => RuntimeName;

    public IReadOnlyList<ILaunchStep> Steps { get; } =
    [
        new SimulatedStep("network", SandboxPhase.Allocating, machine, options),
        new SimulatedStep("disk", SandboxPhase.Deploying, machine, options),
        new SimulatedStep("bundle", SandboxPhase.Initializing, machine, options),
        new SimulatedRuntimeStep(machine, options),
        new StartStep(machine.Time),
    ];

    public IImages Images { get; } = new SimulatedImages(machine, options);

    public Task<RuntimeProbe> ProbeAsync(CancellationToken cancellation) =>
        Task.FromResult(new RuntimeProbe(null, null, "runs nothing, so it can always run"));

    public Task PrepareAsync(CancellationToken cancellation) => Task.CompletedTask;

    public Task RetireAsync() => Task.CompletedTask;

    public SandboxUsage Measure(SandboxId id) => machine.Find(id)?.Usage ?? throw new IOException("it has ended");

    public Task<RunningSandbox> AdoptAsync(LaunchRecord record, CancellationToken cancellation) =>
        machine.Find(record.Id) is { } sandbox
            ? Task.FromResult(new RunningSandbox(sandbox.Agent, sandbox.Ended, () => ValueTask.CompletedTask))
            : throw new InvalidOperationException("it ended while the server was away");

    /// <summary>Makes a whole node of simulated sandboxes. The journal's directory is made when absent.</summary>
    public static SandboxNode CreateNode(
        string journalDirectory, SimulatedMachine machine, SimulatedOptions options, LaunchFaults faults,
        NodeCapabilities capabilities, ILoggerFactory logs) =>
        new(new SimulatedDriver(machine, options), new LaunchJournal(journalDirectory), faults, capabilities, logs);
}
