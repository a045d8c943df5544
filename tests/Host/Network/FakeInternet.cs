using System.Net;
using Atoll.Linux;
using Microsoft.Win32.SafeHandles;

namespace Atoll.Host.Network;

/// <summary>
/// A neighbour of the host that stands for the rest of the world: a namespace with one public address, and with
/// addresses of closed ranges that the host routes to it. It knows no way to sandboxes but the host's own address.
/// </summary>
internal sealed class FakeInternet : IDisposable
{
    private static readonly int Seed = Environment.ProcessId % 60;
    private readonly string _link = $"y{Environment.ProcessId % 100_000}net";
    private readonly string _directory = Directory.CreateTempSubdirectory("atoll-test-internet").FullName;

    public IPAddress HostAddress { get; } = IPAddress.Parse($"203.0.113.{(4 * Seed) + 1}");

    public IPAddress Public { get; } = IPAddress.Parse($"203.0.113.{(4 * Seed) + 2}");

    public static IReadOnlyList<IPAddress> Closed { get; } =
    [
        IPAddress.Parse($"10.191.{Seed}.7"), IPAddress.Parse($"172.31.{Seed}.7"), IPAddress.Parse($"192.168.{190 + Seed}.7"),
        IPAddress.Parse($"100.127.{Seed}.7"), IPAddress.Parse($"169.254.{Seed + 1}.7"), IPAddress.Parse($"198.19.{Seed}.7"),
    ];

    public string Netns => Path.Combine(_directory, "netns");

    public FakeInternet()
    {
        try
        {
            DedicatedThread.Run(Make);
        }
        catch
        {
            Dispose();
            throw;
        }
    }

    private bool Make()
    {
        using var host = new RouteNetlink();
        using SafeFileHandle hostNet = Namespaces.CurrentNet();
        File.WriteAllText(Netns, "");
        Namespaces.Unshare(CloneFlags.CLONE_NEWNET);
        Namespaces.PinNet(Netns);
        using SafeFileHandle farNet = Namespaces.CurrentNet();
        using var far = new RouteNetlink();
        using var events = new LinkEvents();
        Namespaces.Enter(hostNet, CloneFlags.CLONE_NEWNET);
        host.AddVeth(_link, "eth0", farNet);
        host.PutAddress(_link, HostAddress, 30);
        far.SetUp("lo");
        far.PutAddress("eth0", Public, 30);
        far.SetUp("eth0");
        host.SetUp(_link);
        events.WaitUntilUp("eth0");
        foreach (IPAddress closed in Closed)
        {
            far.PutAddress("lo", closed, 32);
            host.PutRoute(new IPNetwork(closed, 32), Public);
        }

        return true;
    }

    public void Dispose()
    {
        using (var host = new RouteNetlink())
        {
            host.DeleteLink(_link);
        }

        Mounts.Unmount(Netns, UnmountFlags.MNT_DETACH);
        Directory.Delete(_directory, recursive: true);
    }
}
