using Atoll.Domain.Sandboxes;
using Atoll.Node.Recovery;
using Atoll.Node.Resources;

namespace Atoll.Node.Launch;

/// <summary>Makes the sandbox's cgroup with its limits; undoing it kills whatever is inside.</summary>
internal sealed class CgroupStep(SandboxCgroups cgroups) : ILaunchStep
{
    public string Name => "cgroup";

    public SandboxPhase Phase => SandboxPhase.Allocating;

    public Task DoAsync(LaunchContext context, CancellationToken cancellation)
    {
        cgroups.Make(context.Request.Id, context.Request.Resources);
        return Task.CompletedTask;
    }

    public Task UndoAsync(JournaledRecord record) => cgroups.RemoveAsync(record.Id);
}
