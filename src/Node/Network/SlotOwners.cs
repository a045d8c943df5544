using Atoll.Domain.Sandboxes;
using Atoll.Node.Recovery;
using Microsoft.Extensions.Logging;

namespace Atoll.Node.Network;

/// <summary>
/// Gives the sandboxes that an earlier server left the slots that their records name, until they are adopted or
/// cleaned. Of two that name the same slot the one that runs owns it; the record of the other loses it, so that
/// cleaning that one does not take the network from the owner.
/// </summary>
internal sealed partial class SlotOwners(NetworkSlots slots, LaunchJournal journal, Func<LaunchRecord, bool> runs, ILogger log)
{
    public void Reserve()
    {
        foreach (LaunchRecord record in journal.List().OrderByDescending(runs))
        {
            if (record.NetworkSlot is { } slot && !slots.Reserve(slot))
            {
                LogNotOwner(record.Id, slot);
                journal.Save(record with { NetworkSlot = null });
            }
        }
    }

    [LoggerMessage(Level = LogLevel.Error, Message = "{Sandbox}: its record names network slot {Slot}, which another sandbox owns; the record gives it up")]
    private partial void LogNotOwner(SandboxId sandbox, int slot);
}
