namespace Atoll.Node;

/// <summary>How this machine is set up as a node.</summary>
public sealed record NodeOptions
{
    /// <summary>What must survive a reboot: templates, disks. Also the journal, beside them.</summary>
    public string DataDirectory { get; init; } = "/var/lib/atoll";

    /// <summary>
    /// Tells apart several servers on one machine: names the run directory (<c>/run/NAME</c>), the cgroup and the
    /// nftables table. Lowercase letters, digits and dashes.
    /// </summary>
    public string Instance { get; init; } = "atoll";

    /// <summary>Which driver: <c>auto</c>, <c>gvisor</c> or <c>simulated</c>.</summary>
    public string Runtime { get; init; } = "auto";

    /// <summary>The static agent binary that becomes PID 1 of every sandbox.</summary>
    public string AgentPath { get; init; } = Path.Combine(AppContext.BaseDirectory, "atoll-agent");

    /// <summary>The region that this machine counts for.</summary>
    public string Region { get; init; } = "us-east";

    /// <summary>IPv4 range that sandboxes' addresses come from: one /30 for each.</summary>
    public string NetworkPool { get; init; } = "10.171.0.0/16";

    /// <summary>First letters of the host's ends of the sandboxes' network interfaces; at most 6.</summary>
    public string InterfacePrefix { get; init; } = "at";
}
