using Atoll.Domain.Nodes;
using Atoll.Domain.Sandboxes;
using Atoll.Domain.Templates;
using Atoll.Node.Launch;
using Atoll.Node.Runtimes.Simulated;
using Microsoft.Extensions.Logging.Abstractions;

namespace Atoll.Unit.Runtimes;

/// <summary>A node of simulated sandboxes on a machine of its own.</summary>
internal sealed class SimulatedContractNode : ContractNode
{
    private readonly string _directory = Directory.CreateTempSubdirectory("atoll-node-").FullName;
    private readonly SimulatedMachine _machine = new(TimeProvider.System);
    private readonly SimulatedOptions _options = new();

    public SimulatedContractNode(LaunchFaults faults) => Node = Make(faults);

    public override INode Node { get; }

    public override IReadOnlyList<string> Steps => [.. new SimulatedDriver(_machine, _options).Steps.Select(step => step.Name)];

    public override LaunchRequest Request(SandboxId id) => new(
        id, "box", new TemplateId("tpl-00000000000000000000"), new SandboxResources(1, 128, 1), new Dictionary<string, string>(), true);

    public override Task CrashAsync(SandboxId id)
    {
        _machine.Crash(id, "its runtime was killed");
        return Task.CompletedTask;
    }

    public override Task<INode> SecondAsync() => Task.FromResult(Make(LaunchFaults.None));

    public override Task<IReadOnlyList<string>> TracesAsync() =>
        Task.FromResult<IReadOnlyList<string>>([.. _machine.Things.Select(thing => $"{thing.Thing} of {thing.Id}")]);

    public override ValueTask DisposeAsync()
    {
        Directory.Delete(_directory, recursive: true);
        return ValueTask.CompletedTask;
    }

    private INode Make(LaunchFaults faults) => SimulatedDriver.CreateNode(
        _directory, _machine, _options, faults, new NodeCapabilities("simulated", "us-east", 4, 4096, 20), NullLoggerFactory.Instance);
}
