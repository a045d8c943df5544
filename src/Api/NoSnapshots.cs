using Atoll.Domain;
using Atoll.Domain.Sandboxes;
using Atoll.Domain.Snapshots;
using Atoll.Domain.Tenancy;

namespace Atoll.Api;

/// <summary>Stands where the host registers no snapshots.</summary>
internal sealed class NoSnapshots : ISnapshots
{
    public Task<Snapshot> TakeAsync(Caller caller, SandboxId sandbox, string? name, CancellationToken cancellation) => throw NotBuilt();

    public Task<Snapshot> GetAsync(Caller caller, SnapshotId id, CancellationToken cancellation) => throw Fault.NotFound("snapshot", id.Value).AsException();

    public Task<SnapshotPage> ListAsync(Caller caller, SnapshotQuery query, CancellationToken cancellation) =>
        Task.FromResult(new SnapshotPage([], 0));

    public Task DeleteAsync(Caller caller, SnapshotId id, CancellationToken cancellation) => throw Fault.NotFound("snapshot", id.Value).AsException();

    private static FaultException NotBuilt() => new Fault(FaultCode.NotImplemented, "snapshots are not built in this version").AsException();
}
