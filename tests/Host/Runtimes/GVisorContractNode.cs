using Atoll.Domain.Nodes;
using Atoll.Domain.Sandboxes;
using Atoll.Domain.Snapshots;
using Atoll.Linux;
using Atoll.Node;
using Atoll.Node.Launch;
using Atoll.Node.Recovery;
using Atoll.Unit.Runtimes;
using Microsoft.Extensions.Logging.Abstractions;

namespace Atoll.Host.Runtimes;

/// <summary>A node of real sandboxes on the machine that the tests share.</summary>
internal sealed class GVisorContractNode(GVisorMachine machine, LaunchFaults faults) : ContractNode
{
    public override INode Node { get; } = Make(machine, faults);

    public override IReadOnlyList<string> Steps => [.. machine.Driver.Steps.Select(step => step.Name)];

    public override LaunchRequest Request(SandboxId id) => new(
        id, "box", machine.Template, new SandboxResources(1, 256, 1), new Dictionary<string, string>(), AllowInternetAccess: false);

    public override Task CrashAsync(SandboxId id)
    {
        LaunchRecord record = machine.Journal.Load(id)!;
        Pidfd.Signal(record.RuntimePid!.Value, record.RuntimeStartTicks, Signals.SIGKILL);
        return ProcessExits.WaitAsync(record.RuntimePid.Value, record.RuntimeStartTicks, CancellationToken.None);
    }

    public override Task<INode> SecondAsync() => Task.FromResult<INode>(Make(machine, LaunchFaults.None));

    public override Task<IReadOnlyList<string>> TracesAsync() => Task.FromResult(machine.Traces());

    public override async ValueTask DisposeAsync()
    {
        foreach (SandboxId id in await Node.ListAsync(CancellationToken.None))
        {
            await Node.CleanAsync(id, CancellationToken.None);
        }

        foreach (ImageId image in Node.ListImages())
        {
            await Node.RemoveImageAsync(image, CancellationToken.None);
        }
    }

    private static SandboxNode Make(GVisorMachine machine, LaunchFaults faults) => new(
        machine.Driver, machine.Journal, faults, new NodeCapabilities("gvisor", "us-east", 2, 4096, 20), NullLoggerFactory.Instance);
}
