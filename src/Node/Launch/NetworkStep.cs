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
        NetworkSlot slot = slots.Acquire();
        context.Remember(record => record with { NetworkSlot = slot.Index });
        slots.Make(slot, context.Request.AllowInternetAccess);
        return Task.CompletedTask;
    }

    public Task UndoAsync(LaunchRecord record)
    {
        if (record.NetworkSlot is { } index)
        {
            slots.Remove(slots.Slot(index));
        }

        return Task.CompletedTask;
    }
}
