using System.Net.Sockets;
using Atoll.Domain;
using Atoll.Linux;
using Atoll.Node.Network;
using Xunit;

namespace Atoll.Host.Network;

[Collection("network")]
public sealed class NetworkSlotsTests(TestNetwork network) : IAsyncLifetime
{
    private readonly NetworkSlots _slots = network.Slots;
    private readonly NetworkSlot _slot = network.Slots.At(3, allowInternet: true);

    public Task InitializeAsync() => Task.CompletedTask;

    public Task DisposeAsync() => _slots.RemoveAsync(_slot.Index);

    [Fact]
    public async Task The_host_reaches_a_listener_in_a_slot()
    {
        await _slots.MakeAsync(_slot);
        using Socket listener = await Sockets.ListenInAsync(_slot.NetnsPath, 80);
        Assert.True(await Sockets.ConnectsAsync(null, _slot.GuestAddress, 80));
        Assert.Equal(_slot.HostAddress, await Sockets.PeerOfNextAsync(listener));
    }

    [Fact]
    public async Task Loopback_works_in_a_slot()
    {
        await _slots.MakeAsync(_slot);
        using Socket listener = await Sockets.ListenInAsync(_slot.NetnsPath, 80);
        Assert.True(await Sockets.ConnectsAsync(_slot.NetnsPath, System.Net.IPAddress.Loopback, 80));
    }

    [Fact]
    public async Task The_link_has_no_IPv6_address_at_either_end()
    {
        await _slots.MakeAsync(_slot);
        Assert.DoesNotContain(_slot.HostInterface, File.ReadAllText("/proc/net/if_inet6"));
        string inside = await Namespaces.RunInNetAsync(_slot.NetnsPath, () => File.ReadAllText("/proc/thread-self/net/if_inet6"));
        Assert.DoesNotContain(NetworkSlot.GuestInterface, inside);
    }

    [Fact]
    public async Task Remove_leaves_nothing_and_can_be_repeated()
    {
        await _slots.MakeAsync(_slot);
        Assert.Equal([_slot.HostInterface], network.Links());
        Assert.Equal([Path.GetFileName(_slot.NetnsPath)], network.Namespaces());
        await _slots.RemoveAsync(_slot.Index);
        await _slots.RemoveAsync(_slot.Index);
        AssertNothingIsLeft();
    }

    [Fact]
    public async Task Another_instance_removes_what_this_one_made()
    {
        await _slots.MakeAsync(_slot);
        await new NetworkSlots(TestNetwork.Options).RemoveAsync(_slot.Index);
        AssertNothingIsLeft();
    }

    [Theory]
    [InlineData("file")]
    [InlineData("namespace")]
    [InlineData("link")]
    [InlineData("twice mounted")]
    public async Task A_half_made_slot_is_removed(string made)
    {
        MakeHalf(made);
        await _slots.RemoveAsync(_slot.Index);
        AssertNothingIsLeft();
    }

    [Theory]
    [InlineData("file")]
    [InlineData("namespace")]
    [InlineData("twice mounted")]
    public async Task A_slot_is_made_over_a_half_made_one(string made)
    {
        MakeHalf(made);
        await _slots.MakeAsync(_slot);
        using Socket listener = await Sockets.ListenInAsync(_slot.NetnsPath, 80);
        Assert.True(await Sockets.ConnectsAsync(null, _slot.GuestAddress, 80));
    }

    [Fact]
    public async Task A_make_that_fails_leaves_nothing()
    {
        var slot = _slot with { HostInterface = "a-name-that-is-too-long-for-a-link" };
        var thrown = await Assert.ThrowsAsync<SyscallException>(() => _slots.MakeAsync(slot));
        Assert.Contains(slot.HostInterface, thrown.Message);
        AssertNothingIsLeft();
    }

    [Fact]
    public void A_pool_that_the_machine_uses_otherwise_is_refused_with_the_link()
    {
        using var host = new RouteNetlink();
        string link = $"y{Environment.ProcessId % 100_000}clash";
        using var own = Namespaces.CurrentNet();
        host.AddVeth(link, link + "p", own);
        try
        {
            // Down, so that no route tells of it.
            host.PutAddress(link, TestNetwork.Options.Pool.BaseAddress, 32);
            FaultException refused = Assert.Throws<FaultException>(() => _slots.Prepare());
            Assert.Contains(link, refused.Fault.Message);
            Assert.Contains("--network-pool", refused.Fault.Message);
        }
        finally
        {
            host.DeleteLink(link);
        }

        _slots.Prepare();
    }

    [Fact]
    public void That_forwarding_was_turned_on_is_told_once()
    {
        string file = Path.GetTempFileName();
        try
        {
            File.WriteAllText(file, "0\n");
            var slots = new NetworkSlots(TestNetwork.Options with { ForwardingSwitch = file });
            Assert.True(slots.Prepare());
            Assert.False(slots.Prepare());
            Assert.Equal("1", File.ReadAllText(file));
        }
        finally
        {
            File.Delete(file);
        }
    }

    [Fact]
    public async Task Many_slots_are_made_at_once()
    {
        NetworkSlot[] slots = [.. Enumerable.Range(10, 20).Select(index => _slots.At(index, index % 2 == 0))];
        try
        {
            await Task.WhenAll(slots.Select(_slots.MakeAsync));
            Assert.Equal(slots.Select(slot => slot.HostInterface).Order(), network.Links().Order());
        }
        finally
        {
            await Task.WhenAll(slots.Select(slot => _slots.RemoveAsync(slot.Index)));
        }

        AssertNothingIsLeft();
    }

    [Fact]
    public async Task Prepare_can_be_repeated_while_slots_exist()
    {
        await _slots.MakeAsync(_slot);
        _slots.Prepare();
        Assert.Single(MountTable.Read(), mount => mount.Target == TestNetwork.Options.NamespaceDirectory);
        Assert.Single(MountTable.Read(), mount => mount.Target == _slot.NetnsPath);
    }

    [Fact]
    public async Task A_namespace_that_was_copied_does_not_keep_a_removed_slot_alive()
    {
        await _slots.MakeAsync(_slot);
        using var copied = new ManualResetEventSlim();
        using var removed = new ManualResetEventSlim();
        Task<string> mounts = Namespaces.RunWithoutProcSysNetAsync(() =>
        {
            copied.Set();
            removed.Wait(TimeSpan.FromSeconds(10));
            return File.ReadAllText("/proc/thread-self/mountinfo");
        });
        Assert.True(copied.Wait(TimeSpan.FromSeconds(10)));
        await _slots.RemoveAsync(_slot.Index);
        removed.Set();
        Assert.DoesNotContain(_slot.NetnsPath, await mounts);
    }

    private void MakeHalf(string made) => DedicatedThread.Run(() =>
    {
        using var host = new RouteNetlink();
        if (made == "link")
        {
            using var own = Namespaces.CurrentNet();
            host.AddVeth(_slot.HostInterface, TestNetwork.Options.InterfacePrefix + "peer", own);
            return true;
        }

        File.WriteAllText(_slot.NetnsPath, "");
        if (made != "file")
        {
            Namespaces.Unshare(CloneFlags.CLONE_NEWNET);
            Namespaces.PinNet(_slot.NetnsPath);
        }

        if (made == "twice mounted")
        {
            Namespaces.PinNet(_slot.NetnsPath);
        }

        return true;
    });

    private void AssertNothingIsLeft()
    {
        Assert.Empty(network.Links());
        Assert.Empty(network.Namespaces());
        Assert.DoesNotContain(MountTable.Read(), mount => mount.Target == _slot.NetnsPath);
    }
}
