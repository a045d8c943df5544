using System.Net;
using Atoll.Domain.Nodes;
using Atoll.Domain.Templates;
using Atoll.Linux;
using Atoll.Node.Agents;
using Atoll.Node.Images;
using Atoll.Node.Launch;
using Atoll.Node.Network;
using Atoll.Node.Recovery;
using Atoll.Node.Resources;
using Atoll.Node.Storage;
using Microsoft.Extensions.Logging;

namespace Atoll.Node.Runtimes.GVisor;

/// <summary>Puts the gVisor driver together.</summary>
internal static class GVisorRuntime
{
    public static GVisorDriver Create(
        NodeOptions options, Func<TemplateId, string> rootfsOf, IAgentSecrets secrets, LaunchJournal journal, HostProcesses processes,
        TimeProvider time, ILoggerFactory logs, LaunchFaults? faults = null)
    {
        var paths = new SandboxPaths(options.DataDirectory);

        // Read once: what sandboxes are told to ask is what the filter lets them ask.
        IReadOnlyList<IPAddress> nameservers = Nameservers.OfHost();

        // An address is used again as late as possible, also after a restart.
        var slots = new NetworkSlots(options.Network, Random.Shared.Next(NetworkSlot.Capacity(options.NetworkPool)));
        var filter = new SandboxFilter(options.Network);
        var disks = new DiskImages(options.Disks, processes.RunAsync, logs.CreateLogger<DiskImages>());
        var cgroups = new SandboxCgroups(options.Cgroups, CgroupMounts.Read());
        var runsc = new Runsc(options.RunscProgram, paths, processes);
        var ends = new SandboxEnds(cgroups);
        var probe = new GVisorProbe(runsc, paths, journal, time, logs);
        var agent = new AgentStep(slots, new SandboxIdentity(Nameservers.Configuration(nameservers), time), secrets, ends.WaitAsync, time, logs.CreateLogger<AgentSession>());
        Func<TemplateId, string> rootfs = id => id == GVisorProbe.Template ? probe.RootfsPath : rootfsOf(id);
        var store = new ImageStore(options.Images, faults ?? LaunchFaults.None);
        var agents = new AgentBinaries(Path.Combine(options.DataDirectory, "agents"), options.AgentPath);
        var images = new GVisorImages(
            store, journal, runsc, slots, disks, cgroups, faults ?? LaunchFaults.None, time, logs.CreateLogger<GVisorImages>());
        ILaunchStep[] steps =
        [
            new ImageStep(store, images.RuntimeAsync, rootfs, agents.Has),
            new NetworkStep(slots),
            new DiskStep(disks),
            new CgroupStep(cgroups),
            new BundleStep(paths, slots, cgroups, agents, rootfs),
            new RunscStep(runsc, slots, disks, cgroups, secrets),
            agent,
            new StartStep(time),
        ];
        return new GVisorDriver(
            slots, filter, nameservers, disks, cgroups, agent, runsc, images, store, agents, steps, probe, journal, options.RunDirectory, logs.CreateLogger<GVisorDriver>());
    }
}
