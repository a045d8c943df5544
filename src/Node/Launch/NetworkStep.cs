using Atoll.Domain.Sandboxes;
using Atoll.Node.Network;
using Atoll.Node.Recovery;

namespace Atoll.Node.Launch;

/// <summary>Gives the sandbox its network slot: a namespace, an address, a way out or none.</summary>
internal sealed class NetworkStep(NetworkSlots slots) : ILaunchStep
{
    public string Name => "network";

    public SandboxPhase Phase => SandboxPhase.Allocating;

    public Task DoAsync(LaunchContext context, CancellationToken cancellation)
    {
        int index = slots.Acquire();
        context.Remember(record => record with { NetworkSlot = index });
        return slots.MakeAsync(slots.At(index, context.Request.AllowInternetAccess));
    }

    public async Task UndoAsync(LaunchRecord record)
    {
        if (record.NetworkSlot is { } index)
        {
            await slots.RemoveAsync(index);
            slots.Release(index);
        }
    }
}
