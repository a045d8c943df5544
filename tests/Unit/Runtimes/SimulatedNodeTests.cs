using Atoll.Node.Launch;

namespace Atoll.Unit.Runtimes;

/// <summary>The contract over simulated sandboxes.</summary>
public sealed class SimulatedNodeTests : NodeContract
{
    private protected override Task<ContractNode> CreateAsync(LaunchFaults faults) => Task.FromResult<ContractNode>(new SimulatedContractNode(faults));
}

/// <summary>The contract of images over simulated sandboxes.</summary>
public sealed class SimulatedImageContractTests : ImageContract
{
    private protected override Task<ContractNode> CreateAsync(LaunchFaults faults) => Task.FromResult<ContractNode>(new SimulatedContractNode(faults));
}
