using Atoll.Domain.Sandboxes;
using Atoll.Domain.Tenancy;

namespace Atoll.Domain.Storage;

/// <summary>
/// The port through which dialects say what object storage a sandbox is to have mounted when it is next resumed
/// (contracts/scalebox.md 1.3). What is said is kept; mounting itself is not built in this version.
/// </summary>
public interface ISandboxMounts
{
    /// <summary>
    /// Changes the slots of a paused sandbox, all or none. Safe to repeat. <see cref="FaultCode.WrongState"/> for one that is
    /// not paused, <see cref="FaultCode.InvalidArgument"/> for a mount point that it does not have.
    /// </summary>
    Task<Sandbox> ChangeAsync(Caller caller, SandboxId id, MountPatch patch, CancellationToken cancellation);
}

/// <summary>One place for object storage in a sandbox. Holds no credentials: those are never kept.</summary>
/// <param name="Number">From 1; stays the slot's for good.</param>
/// <param name="Uri">Null when the slot is free.</param>
/// <param name="MountPoint">Absolute, unique among the sandbox's slots; of a free slot the last one that it had.</param>
/// <param name="ShortLived">Whether its credentials expire, so that each resume needs fresh ones.</param>
public sealed record MountSlot(int Number, MountState State, string? Uri, string MountPoint, string? Region, string? Endpoint, bool ShortLived);

public enum MountState
{
    Active,

    /// <summary>Kept and not mounted.</summary>
    Disabled,

    /// <summary>Was removed; the next new mount takes it.</summary>
    Free,
}

/// <summary>What is to become of a sandbox's slots, closed.</summary>
public abstract record MountPatch
{
    /// <summary>Slots of a sandbox, free ones included.</summary>
    public const int MostSlots = 16;

    private MountPatch()
    {
    }

    /// <summary>Nothing changes; slots whose credentials expire are not mounted unless <paramref name="BestEffort"/> allows to go without.</summary>
    public sealed record Keep(bool BestEffort) : MountPatch;

    public sealed record RemoveAll : MountPatch;

    public sealed record DisableAll : MountPatch;

    /// <summary>Each by its mount point; slots that none of them names stay as they are.</summary>
    public sealed record Each(IReadOnlyList<MountChange> Changes, bool BestEffort) : MountPatch;

    /// <summary>The slots after the change.</summary>
    /// <exception cref="FaultException">A mount point is unknown, there are too many, or credentials that have expired are not given anew.</exception>
    public IReadOnlyList<MountSlot> Apply(IReadOnlyList<MountSlot> slots) => this switch
    {
        Keep keep => Fresh(slots, [], keep.BestEffort),
        RemoveAll => [.. slots.Select(Freed)],
        DisableAll => [.. slots.Select(slot => slot.State is MountState.Active ? slot with { State = MountState.Disabled } : slot)],
        Each each => Fresh(each.Changes.Aggregate(slots, Change), each.Changes, each.BestEffort),
        _ => throw new InvalidOperationException("not a member of the closed hierarchy"),
    };

    private static IReadOnlyList<MountSlot> Change(IReadOnlyList<MountSlot> slots, MountChange change)
    {
        MountSlot? known = slots.FirstOrDefault(slot => slot.MountPoint == change.MountPoint);
        switch (change)
        {
            case MountChange.Mount mount:
                MountSlot? place = known ?? slots.FirstOrDefault(slot => slot.State is MountState.Free);
                if (place is null && slots.Count >= MostSlots)
                {
                    throw Fault.Invalid(change.Field, $"a sandbox has at most {MostSlots} mounts: delete one").AsException();
                }

                var filled = new MountSlot(
                    place?.Number ?? slots.Count + 1, MountState.Active, mount.Uri, mount.MountPoint, mount.Region, mount.Endpoint, mount.ShortLived);
                return place is null ? [.. slots, filled] : [.. slots.Select(slot => slot == place ? filled : slot)];
            case MountChange.Delete when known is not null:
                return [.. slots.Select(slot => slot == known ? Freed(slot) : slot)];
            case MountChange.Disable when known is { State: not MountState.Free }:
                return [.. slots.Select(slot => slot == known ? slot with { State = MountState.Disabled } : slot)];
            default:
                throw Fault.Invalid(change.Field, $"{change.Field} '{change.MountPoint}' is no mount of the sandbox: its object_storage lists them").AsException();
        }
    }

    private static MountSlot Freed(MountSlot slot) =>
        slot with { State = MountState.Free, Uri = null, Region = null, Endpoint = null, ShortLived = false };

    private static IReadOnlyList<MountSlot> Fresh(IReadOnlyList<MountSlot> slots, IReadOnlyList<MountChange> changes, bool bestEffort) =>
        !bestEffort && slots.FirstOrDefault(slot => slot is { State: MountState.Active, ShortLived: true }
            && !changes.Any(change => change is MountChange.Mount && change.MountPoint == slot.MountPoint)) is { } stale
            ? throw Fault.Invalid(
                "object_storage.mounts",
                $"the credentials of mount '{stale.MountPoint}' were short-lived: send fresh ones, disable it, or set best_effort_oss").AsException()
            : slots;
}

/// <summary>What is to become of one mount.</summary>
/// <param name="Field">Where in the request it was named.</param>
public abstract record MountChange(string MountPoint, string Field)
{
    /// <summary>Makes it, or replaces what it was.</summary>
    public sealed record Mount(string MountPoint, string Field, string Uri, string? Region, string? Endpoint, bool ShortLived)
        : MountChange(MountPoint, Field);

    public sealed record Delete(string MountPoint, string Field) : MountChange(MountPoint, Field);

    public sealed record Disable(string MountPoint, string Field) : MountChange(MountPoint, Field);
}
