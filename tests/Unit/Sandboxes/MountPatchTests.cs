using Atoll.Domain;
using Atoll.Domain.Storage;
using Xunit;

namespace Atoll.Unit.Sandboxes;

public sealed class MountPatchTests
{
    private static readonly MountSlot Lasting = new(1, MountState.Active, "s3://a", "/a", "r", null, ShortLived: false);
    private static readonly MountSlot Brief = new(2, MountState.Active, "s3://b", "/b", "r", null, ShortLived: true);

    [Fact]
    public void A_mount_is_added_replaced_disabled_and_removed_by_its_mount_point()
    {
        IReadOnlyList<MountSlot> slots = Each(Mount("/a", "s3://a"), Mount("/b", "s3://b")).Apply([]);
        Assert.Equal([(1, "/a"), (2, "/b")], slots.Select(slot => (slot.Number, slot.MountPoint)));

        slots = Each(Mount("/a", "s3://other"), new MountChange.Disable("/b", "f")).Apply(slots);
        Assert.Equal([("s3://other", MountState.Active), ("s3://b", MountState.Disabled)], slots.Select(slot => (slot.Uri!, slot.State)));

        slots = Each(new MountChange.Delete("/a", "f")).Apply(slots);
        Assert.Equal(new MountSlot(1, MountState.Free, null, "/a", null, null, false), slots[0]);
        Assert.Equal(slots, Each(new MountChange.Delete("/a", "f")).Apply(slots));

        slots = Each(Mount("/c", "s3://c")).Apply(slots);
        Assert.Equal([(1, "/c"), (2, "/b")], slots.Select(slot => (slot.Number, slot.MountPoint)));
    }

    [Fact]
    public void All_are_removed_or_disabled_at_once()
    {
        Assert.All(new MountPatch.RemoveAll().Apply([Lasting, Brief]), slot => Assert.Equal((MountState.Free, null), (slot.State, slot.Uri)));
        Assert.All(new MountPatch.DisableAll().Apply([Lasting, Brief]), slot => Assert.Equal(MountState.Disabled, slot.State));
        MountSlot free = Assert.Single(new MountPatch.RemoveAll().Apply([Lasting]));
        Assert.Equal(free, Assert.Single(new MountPatch.DisableAll().Apply([free])));
    }

    [Fact]
    public void Short_lived_credentials_are_wanted_anew_unless_one_can_do_without()
    {
        Assert.Equal([Lasting], new MountPatch.Keep(BestEffort: false).Apply([Lasting]));
        FaultException stale = Assert.Throws<FaultException>(() => new MountPatch.Keep(BestEffort: false).Apply([Lasting, Brief]));
        Assert.Equal((FaultCode.InvalidArgument, "object_storage.mounts"), (stale.Fault.Code, stale.Fault.Field));
        Assert.Contains("'/b'", stale.Message);
        Assert.Equal([Lasting, Brief], new MountPatch.Keep(BestEffort: true).Apply([Lasting, Brief]));
        Assert.Equal(2, Each(Mount("/b", "s3://b", shortLived: true)).Apply([Lasting, Brief]).Count);
        Assert.Throws<FaultException>(() => Each(Mount("/a", "s3://a")).Apply([Lasting, Brief]));
        Assert.Equal(MountState.Disabled, Each(new MountChange.Disable("/b", "f")).Apply([Lasting, Brief])[1].State);
    }

    [Fact]
    public void A_mount_that_is_not_there_is_named_with_its_field()
    {
        foreach (MountChange change in new MountChange[] { new MountChange.Delete("/x", "mounts[0]"), new MountChange.Disable("/x", "mounts[0]") })
        {
            FaultException unknown = Assert.Throws<FaultException>(() => Each(change).Apply([Lasting]));
            Assert.Equal((FaultCode.InvalidArgument, "mounts[0]"), (unknown.Fault.Code, unknown.Fault.Field));
        }
    }

    [Fact]
    public void Slots_are_bounded()
    {
        IReadOnlyList<MountSlot> full = [.. Enumerable.Range(1, MountPatch.MostSlots).Select(i => Lasting with { Number = i, MountPoint = $"/{i}" })];
        Assert.Throws<FaultException>(() => Each(Mount("/more", "s3://m")).Apply(full));
        Assert.Equal(MountPatch.MostSlots, Each(new MountChange.Delete("/3", "f"), Mount("/more", "s3://m")).Apply(full).Count);
    }

    private static MountPatch.Each Each(params MountChange[] changes) => new(changes, BestEffort: false);

    private static MountChange.Mount Mount(string point, string uri, bool shortLived = false) => new(point, "f", uri, "r", null, shortLived);
}
