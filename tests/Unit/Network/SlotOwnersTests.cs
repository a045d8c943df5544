using System.Net;
using Atoll.Domain;
using Atoll.Domain.Sandboxes;
using Atoll.Node.Network;
using Atoll.Node.Recovery;
using Microsoft.Extensions.Logging.Abstractions;
using Xunit;

namespace Atoll.Unit.Network;

public sealed class SlotOwnersTests : IDisposable
{
    private readonly string _directory = Directory.CreateTempSubdirectory("atoll-owners-").FullName;
    private readonly NetworkSlots _slots = new(new NetworkOptions { Pool = IPNetwork.Parse("10.9.0.0/29") });
    private readonly LaunchJournal _journal;

    public SlotOwnersTests() => _journal = new LaunchJournal(_directory);

    public void Dispose() => Directory.Delete(_directory, recursive: true);

    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    public void Of_two_records_that_name_one_slot_the_one_that_runs_keeps_it(int running)
    {
        SandboxId[] ids = [New(), New()];
        foreach (SandboxId id in ids)
        {
            _journal.Save(new LaunchRecord(id) { NetworkSlot = 0, RuntimePid = 7 });
        }

        new SlotOwners(_slots, _journal, record => record.Id == ids[running], NullLogger.Instance).Reserve();

        Assert.Equal(0, _journal.Load(ids[running])!.NetworkSlot);
        Assert.Equal(new LaunchRecord(ids[1 - running]) { RuntimePid = 7 }, _journal.Load(ids[1 - running]));
    }

    [Fact]
    public void Slots_that_records_name_are_not_handed_out()
    {
        _journal.Save(new LaunchRecord(New()) { NetworkSlot = 0 });
        _journal.Save(new LaunchRecord(New()) { NetworkSlot = 1 });
        _journal.Save(new LaunchRecord(New()));

        new SlotOwners(_slots, _journal, _ => false, NullLogger.Instance).Reserve();

        Assert.Throws<FaultException>(() => _slots.Acquire());
        Assert.Equal([0, 1], _journal.List().Select(record => record.NetworkSlot).OfType<int>().Order());
    }

    private static SandboxId New() => SandboxId.New(DateTimeOffset.UtcNow);
}
