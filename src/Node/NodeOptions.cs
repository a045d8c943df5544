using System.Net;
using System.Net.Sockets;
using System.Text.RegularExpressions;
using Atoll.Domain;
using Atoll.Node.Network;
using Atoll.Node.Resources;
using Atoll.Node.Storage;

namespace Atoll.Node;

/// <summary>How this machine is set up as a node.</summary>
public sealed partial record NodeOptions
{
    /// <summary>What must survive a reboot: templates, disks. The launch journal is beside them.</summary>
    public string DataDirectory { get; init; } = "/var/lib/atoll";

    /// <summary>The templates; null for <c>templates</c> in the data directory.</summary>
    public string? TemplatesDirectory { get; init; }

    /// <summary>
    /// Tells apart several servers on one machine: names the run directory <c>/run/NAME</c>, the cgroup and the nftables
    /// table. Servers on one machine also need data directories, pools and interface prefixes of their own.
    /// </summary>
    public string Instance { get; init; } = "atoll";

    /// <summary>The address range of the sandboxes: a /30 for each.</summary>
    public IPNetwork NetworkPool { get; init; } = IPNetwork.Parse("10.171.0.0/16");

    /// <summary>First letters of the host's ends of the sandboxes' network links; at most 6.</summary>
    public string InterfacePrefix { get; init; } = "at";

    /// <summary>Which driver: <c>gvisor</c>, <c>simulated</c>, or <c>auto</c> for the strongest that works here.</summary>
    public string Runtime { get; init; } = "auto";

    /// <summary>The runsc program: a name to look up on PATH, or a path.</summary>
    public string RunscProgram { get; init; } = "runsc";

    /// <summary>The static agent binary that becomes PID 1 of every sandbox.</summary>
    public string AgentPath { get; init; } = Path.Combine(AppContext.BaseDirectory, "atoll-agent");

    /// <summary>The region that this machine counts for.</summary>
    public string Region { get; init; } = "us-east";

    /// <summary>Faults to inject into launches, for tests; see <see cref="Launch.LaunchFaults.Parse"/>.</summary>
    public string? Faults { get; init; }

    /// <exception cref="FaultException">An option is malformed; the message names it and what it takes.</exception>
    public void Validate()
    {
        Check(
            NetworkPool is { BaseAddress.AddressFamily: AddressFamily.InterNetwork, PrefixLength: >= 8 and <= 29 },
            $"--network-pool {NetworkPool}: expected an IPv4 range from /8 to /29, such as 10.171.0.0/16");
        Check(
            PrefixForm().IsMatch(InterfacePrefix),
            $"--interface-prefix '{InterfacePrefix}': expected 1 to 6 lower-case letters and digits, such as at");
        Check(
            InstanceForm().IsMatch(Instance),
            $"--instance '{Instance}': expected a lower-case letter and then up to 31 of a-z, 0-9 and -, such as atoll");
    }

    private static void Check(bool holds, string otherwise)
    {
        if (!holds)
        {
            throw new Fault(FaultCode.InvalidArgument, otherwise).AsException();
        }
    }

    [GeneratedRegex(@"^[a-z0-9]{1,6}\z")]
    private static partial Regex PrefixForm();

    [GeneratedRegex(@"^[a-z][a-z0-9-]{0,31}\z")]
    private static partial Regex InstanceForm();

    internal string Templates => TemplatesDirectory ?? Path.Combine(DataDirectory, "templates");

    internal string RunDirectory => Path.Combine("/run", Instance);

    internal NetworkOptions Network => new()
    {
        Pool = NetworkPool,
        NamespaceDirectory = Path.Combine(RunDirectory, "netns"),
        InterfacePrefix = InterfacePrefix,
        Table = Instance,
    };

    internal CgroupOptions Cgroups => new() { Root = Instance };

    internal string Images => Path.Combine(DataDirectory, "images");

    internal DiskOptions Disks => new() { DataDirectory = DataDirectory };
}
