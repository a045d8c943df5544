using Atoll.Domain.Sandboxes;
using Atoll.Node.Recovery;
using Atoll.Node.Storage;

namespace Atoll.Node.Launch;

/// <summary>Makes the sandbox's size-limited file system, which holds all that it writes.</summary>
internal sealed class DiskStep(DiskImages disks) : ILaunchStep
{
    public string Name => "disk";

    public SandboxPhase Phase => SandboxPhase.Allocating;

    public Task DoAsync(LaunchContext context, CancellationToken cancellation) =>
        disks.MakeAsync(context.Request.Id, context.Request.Resources.StorageGb, cancellation);

    public Task UndoAsync(JournaledRecord record) => disks.RemoveAsync(record.Id);
}
