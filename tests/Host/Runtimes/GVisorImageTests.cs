using Atoll.Node.Launch;
using Atoll.Unit.Runtimes;
using Xunit;

namespace Atoll.Host.Runtimes;

/// <summary>The contract of images over real gVisor sandboxes.</summary>
[Collection(GVisorCollection.Name)]
public sealed class GVisorImageTests(GVisorMachine machine) : ImageContract
{
    private protected override Task<ContractNode> CreateAsync(LaunchFaults faults) =>
        Task.FromResult<ContractNode>(new GVisorContractNode(machine, faults));
}
