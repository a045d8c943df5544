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
internal sealed class NetworkSlots(NetworkOptions options)
{
    private static readonly System.Net.IPNetwork Everywhere = System.Net.IPNetwork.Parse("0.0.0.0/0");
    private readonly Lock _lock = new();
    private readonly BitArray _taken = new(NetworkSlot.Capacity(options.Pool));
    private int _next;

    /// <summary>Makes ready what all slots share on this machine, but for the filter. Safe to repeat.</summary>
    public void Prepare()
    {
        Directory.CreateDirectory(options.NamespaceDirectory);
        Mounts.Share(options.NamespaceDirectory);
        File.WriteAllText("/proc/sys/net/ipv4/ip_forward", "1");
    }

    public NetworkSlot At(int index, bool allowInternet) => NetworkSlot.At(options, index, allowInternet);

    /// <summary>Takes a free slot, the one that has been free for long before one that was just released.</summary>
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
    public bool Reserve(int index)
    {
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
            await DedicatedThread.RunAsync(() => MakeNow(slot));
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
    /// Puts address and route back into the namespace: runsc takes them out when it starts, so the next start in the
    /// same slot does not find them.
    /// </summary>
    public Task RestoreAsync(NetworkSlot slot) => Namespaces.RunInNetAsync(slot.NetnsPath, () =>
    {
        using var guest = new RouteNetlink();
        PutGuestAddress(guest, slot);
        return true;
    });

    /// <summary>Removes whatever exists of a slot, also what an earlier process made or half made. Safe to repeat.</summary>
    public Task RemoveAsync(int index) => Task.Run(() => RemoveNow(index));

    private void RemoveNow(int index)
    {
        using (var host = new RouteNetlink())
        {
            host.DeleteLink(NetworkSlot.InterfaceOf(options, index, allowInternet: true));
            host.DeleteLink(NetworkSlot.InterfaceOf(options, index, allowInternet: false));
        }

        string path = NetworkSlot.At(options, index, allowInternet: true).NetnsPath;
        while (Mounts.Unmount(path, UnmountFlags.MNT_DETACH))
        {
        }

        File.Delete(path);
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
