using System.Net;
using Atoll.Domain;
using Atoll.Node.Network;
using Xunit;

namespace Atoll.Unit.Network;

public sealed class NetworkSlotTests
{
    private static readonly NetworkOptions Options = new();

    [Theory]
    [InlineData(0, "10.171.0.1", "10.171.0.2")]
    [InlineData(17, "10.171.0.69", "10.171.0.70")]
    [InlineData(64, "10.171.1.1", "10.171.1.2")]
    [InlineData(16383, "10.171.255.253", "10.171.255.254")]
    public void Each_slot_has_four_addresses_of_the_pool(int index, string host, string guest)
    {
        NetworkSlot slot = NetworkSlot.At(Options, index, allowInternet: true);
        Assert.Equal(IPAddress.Parse(host), slot.HostAddress);
        Assert.Equal(IPAddress.Parse(guest), slot.GuestAddress);
        Assert.Equal(30, slot.PrefixLength);
        Assert.Equal($"/run/atoll/netns/slot-{index}", slot.NetnsPath);
    }

    [Fact]
    public void The_name_of_the_link_says_whether_the_internet_is_allowed()
    {
        Assert.Equal("atl17", NetworkSlot.At(Options, 17, allowInternet: true).HostInterface);
        Assert.Equal("atx17", NetworkSlot.At(Options, 17, allowInternet: false).HostInterface);
    }

    [Theory]
    [InlineData(-1)]
    [InlineData(16384)]
    public void A_slot_outside_of_the_pool_is_refused(int index) =>
        Assert.Throws<ArgumentOutOfRangeException>(() => NetworkSlot.At(Options, index, allowInternet: true));

    [Fact]
    public void Slots_are_handed_out_once_until_the_pool_is_empty()
    {
        var slots = new NetworkSlots(Options with { Pool = IPNetwork.Parse("10.9.0.0/28") });
        Assert.True(slots.Reserve(1));
        Assert.False(slots.Reserve(1));
        Assert.Equal([0, 2, 3], [slots.Acquire(), slots.Acquire(), slots.Acquire()]);
        Assert.Equal(FaultCode.NoCapacity, Assert.Throws<FaultException>(() => slots.Acquire()).Fault.Code);
        slots.Release(2);
        slots.Release(2);
        Assert.Equal(2, slots.Acquire());
    }

    [Fact]
    public void Slots_are_handed_out_from_the_given_one_on_and_around()
    {
        var slots = new NetworkSlots(Options with { Pool = IPNetwork.Parse("10.9.0.0/28") }, firstSlot: 2);
        Assert.Equal([2, 3, 0, 1], [slots.Acquire(), slots.Acquire(), slots.Acquire(), slots.Acquire()]);
    }

    [Fact]
    public void A_slot_of_an_earlier_larger_pool_is_refused_by_the_option_to_change()
    {
        var slots = new NetworkSlots(Options with { Pool = IPNetwork.Parse("10.9.0.0/28") });
        Assert.Contains("--network-pool", Assert.Throws<FaultException>(() => slots.Reserve(4)).Fault.Message);
    }

    [Fact]
    public void A_released_slot_is_not_the_next_to_be_taken()
    {
        var slots = new NetworkSlots(Options with { Pool = IPNetwork.Parse("10.9.0.0/28") });
        slots.Release(slots.Acquire());
        Assert.Equal(1, slots.Acquire());
    }
}
