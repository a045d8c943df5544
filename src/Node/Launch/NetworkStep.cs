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
        try
        {
            context.Remember(record => record with { NetworkSlot = index });
        }
        catch
        {
            slots.Release(index);
            throw;
        }

        return slots.MakeAsync(slots.At(index, context.Request.AllowInternetAccess));
    }

    /// <summary>
    /// The slot is given back last: nothing of it is there any more, and no record names it, when the next sandbox gets
    /// it. So an undo that is repeated, by this process or a later one, cannot touch the next sandbox's.
    /// </summary>
    public async Task UndoAsync(JournaledRecord record)
    {
        if (record.Record.NetworkSlot is { } index)
        {
            await slots.RemoveAsync(index);
            record.Remember(kept => kept with { NetworkSlot = null });
            slots.Release(index);
        }
    }
}
