using System.Collections;
using Atoll.Domain;
using Atoll.Linux;
using Microsoft.Win32.SafeHandles;

namespace Atoll.Node.Network;

/// <summary>
/// Hands out the network slots of this machine and makes, mends and removes what belongs to one.
/// <code>
///   host                                    namespace /run/atoll/netns/slot-17
///   atl17  10.171.0.69/30  ===== veth =====  eth0  10.171.0.70/30, default via 10.171.0.69
///     ^ the filter's rules match its name      ^ runsc takes addresses and routes from here
/// </code>
/// </summary>
/// <remarks>Which slots are taken is known to this process only: after a restart the adopted ones are reserved first.</remarks>
internal sealed class NetworkSlots(NetworkOptions options, int firstSlot = 0)
{
    private const int AtOnce = 8;
    private static readonly System.Net.IPNetwork Everywhere = System.Net.IPNetwork.Parse("0.0.0.0/0");
    private readonly Lock _lock = new();
    private readonly BitArray _taken = new(NetworkSlot.Capacity(options.Pool));
    private readonly BlockingWork _work = new(AtOnce);
    private int _next = firstSlot;

    /// <summary>Makes ready what all slots share on this machine, but for the filter. Safe to repeat.</summary>
    /// <returns>True when the machine did not forward packets before, and does now.</returns>
    /// <exception cref="FaultException">The pool overlaps what the machine's other links use.</exception>
    public bool Prepare()
    {
        AddressClash.ThrowIfAny(options);
        Directory.CreateDirectory(options.NamespaceDirectory);
        Mounts.Share(options.NamespaceDirectory);
        if (File.ReadAllText(options.ForwardingSwitch).Trim() == "1")
        {
            return false;
        }

        File.WriteAllText(options.ForwardingSwitch, "1");
        return true;
    }

    /// <summary>Removes what <see cref="Prepare"/> made. No slot may be in use.</summary>
    public void Retire()
    {
        while (Mounts.Unmount(options.NamespaceDirectory))
        {
        }

        if (Directory.Exists(options.NamespaceDirectory))
        {
            Directory.Delete(options.NamespaceDirectory);
        }
    }

    public NetworkSlot At(int index, bool allowInternet) => NetworkSlot.At(options, index, allowInternet);

    /// <summary>Takes a free slot, in turn: one that was just released comes last.</summary>
    /// <exception cref="FaultException"><see cref="FaultCode.NoCapacity"/> when every slot is taken.</exception>
    public int Acquire()
    {
        lock (_lock)
        {
            for (int i = 0; i < _taken.Length; i++)
            {
                int index = (_next + i) % _taken.Length;
                if (!_taken[index])
                {
                    _taken[index] = true;
                    _next = index + 1;
                    return index;
                }
            }
        }

        throw new Fault(
            FaultCode.NoCapacity,
            $"all {_taken.Length} network slots of this machine are in use: terminate sandboxes or configure a larger address pool than {options.Pool}")
            .AsException();
    }

    /// <summary>Takes the slot of a sandbox that an earlier process started.</summary>
    /// <returns>False when it is taken already.</returns>
    /// <exception cref="FaultException">It lies outside of the pool: the sandbox was started with another one.</exception>
    public bool Reserve(int index)
    {
        if (index < 0 || index >= _taken.Length)
        {
            throw new Fault(
                FaultCode.InvalidArgument,
                $"--network-pool {options.Pool} is smaller than the pool with which sandboxes on this machine were started (slot {index} is outside of it): start the server with the earlier pool until they have ended")
                .AsException();
        }

        lock (_lock)
        {
            bool free = !_taken[index];
            _taken[index] = true;
            return free;
        }
    }

    /// <summary>Gives a slot back, after <see cref="RemoveAsync"/>. Safe to repeat.</summary>
    public void Release(int index)
    {
        lock (_lock)
        {
            _taken[index] = false;
        }
    }

    /// <summary>Makes namespace, links, addresses and routes; what an earlier process left of this slot goes first.</summary>
    /// <exception cref="SyscallException">The kernel refuses; nothing is left then.</exception>
    public async Task MakeAsync(NetworkSlot slot)
    {
        if (File.Exists(slot.NetnsPath))
        {
            await RemoveAsync(slot.Index);
        }

        try
        {
            await _work.RunAsync(() => MakeNow(slot));
        }
        catch
        {
            await RemoveAsync(slot.Index);
            throw;
        }
    }

    private static bool MakeNow(NetworkSlot slot)
    {
        using var host = new RouteNetlink();
        using SafeFileHandle hostNet = Namespaces.CurrentNet();
        using (File.Create(slot.NetnsPath))
        {
        }

        Namespaces.Unshare(CloneFlags.CLONE_NEWNET);
        Namespaces.PinNet(slot.NetnsPath);
        DisableIpv6("default");
        using SafeFileHandle guestNet = Namespaces.CurrentNet();
        using var guest = new RouteNetlink();
        using var guestEvents = new LinkEvents();
        Namespaces.Enter(hostNet, CloneFlags.CLONE_NEWNET);

        host.AddVeth(slot.HostInterface, NetworkSlot.GuestInterface, guestNet);
        DisableIpv6(slot.HostInterface);
        host.PutAddress(slot.HostInterface, slot.HostAddress, slot.PrefixLength);
        guest.SetUp("lo");
        PutGuestAddress(guest, slot);
        host.SetUp(slot.HostInterface);
        guestEvents.WaitUntilUp(NetworkSlot.GuestInterface);
        return true;
    }

    /// <summary>
    /// Removes whatever exists of a slot, also what an earlier process made or half made, and the kernel's memory of its
    /// connections: they must not be open to the next sandbox that has the address. Safe to repeat.
    /// </summary>
    public Task RemoveAsync(int index) => _work.RunAsync(() => RemoveNow(index));

    /// <summary>Cuts a sandbox off: nothing leaves it and nothing reaches it. Its own end stays up, so it sees no more than silence.</summary>
    public Task CutAsync(NetworkSlot slot) => _work.RunAsync(() =>
    {
        using var host = new RouteNetlink();
        host.SetDown(slot.HostInterface);
    });

    /// <summary>Undoes <see cref="CutAsync"/>; safe to repeat.</summary>
    /// <exception cref="SyscallException">The slot is no longer there.</exception>
    public Task JoinAsync(NetworkSlot slot) => _work.RunAsync(() =>
    {
        using var host = new RouteNetlink();
        host.SetUp(slot.HostInterface);
    });

    private void RemoveNow(int index)
    {
        using (var host = new RouteNetlink())
        {
            host.DeleteLink(NetworkSlot.InterfaceOf(options, index, allowInternet: true));
            host.DeleteLink(NetworkSlot.InterfaceOf(options, index, allowInternet: false));
        }

        NetworkSlot slot = NetworkSlot.At(options, index, allowInternet: true);
        while (Mounts.Unmount(slot.NetnsPath, UnmountFlags.MNT_DETACH))
        {
        }

        ConnectionTracking.Forget(slot.GuestAddress);
        File.Delete(slot.NetnsPath);
    }

    private static void PutGuestAddress(RouteNetlink guest, NetworkSlot slot)
    {
        guest.PutAddress(NetworkSlot.GuestInterface, slot.GuestAddress, slot.PrefixLength);
        guest.SetUp(NetworkSlot.GuestInterface);
        guest.PutRoute(Everywhere, slot.HostAddress);
    }

    // Absent on machines that have no IPv6 at all.
    private static void DisableIpv6(string link)
    {
        string setting = $"/proc/sys/net/ipv6/conf/{link}/disable_ipv6";
        if (File.Exists(setting))
        {
            File.WriteAllText(setting, "1");
        }
    }
}
