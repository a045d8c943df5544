using Atoll.Node.Launch;
using Atoll.Unit.Runtimes;
using Xunit;

namespace Atoll.Host.Runtimes;

/// <summary>
/// The contract over real gVisor sandboxes. Runs beside no other test: the node reaps every child of its process, and
/// other tests have children of their own.
/// </summary>
[CollectionDefinition(Name, DisableParallelization = true)]
public sealed class GVisorCollection : ICollectionFixture<GVisorMachine>
{
    public const string Name = "gVisor";
}

/// <inheritdoc cref="GVisorCollection"/>
[Collection(GVisorCollection.Name)]
public sealed class GVisorNodeTests(GVisorMachine machine) : NodeContract
{
    private protected override Task<ContractNode> CreateAsync(LaunchFaults faults) =>
        Task.FromResult<ContractNode>(new GVisorContractNode(machine, faults));
}
