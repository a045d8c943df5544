using System.Net;
using Atoll.Domain.Sandboxes;
using Atoll.Linux;
using Atoll.Node.Images;
using Atoll.Node.Launch;
using Atoll.Node.Network;
using Atoll.Node.Recovery;
using Atoll.Node.Resources;
using Atoll.Node.Storage;
using Microsoft.Extensions.Logging;

namespace Atoll.Node.Runtimes.GVisor;

/// <summary>
/// Sandboxes in gVisor: a kernel of their own in user space, by the <c>runsc</c> program on its systrap platform, which
/// needs no hardware virtualisation.
/// </summary>
internal sealed partial class GVisorDriver(
    NetworkSlots network, SandboxFilter filter, IReadOnlyList<IPAddress> nameservers, DiskImages disks, SandboxCgroups cgroups, AgentStep agent, Runsc runsc, GVisorImages images,
    ImageStore store, AgentBinaries agents, IReadOnlyList<ILaunchStep> steps, GVisorProbe probe, LaunchJournal journal, string runDirectory, ILogger<GVisorDriver> log) : IRuntimeDriver, IDisposable
{
    /// <summary>GiB of a sandbox that asks for none; its blank image is made before the first request.</summary>
    private const int DefaultStorageGb = 10;

    /// <summary>How long an agent that answered an earlier server may take to answer this one.</summary>
    private static readonly TimeSpan AdoptTime = TimeSpan.FromSeconds(5);

    /// <summary>The same when its memory was being written as that server ended.</summary>
    private static readonly TimeSpan CapturedAdoptTime = TimeSpan.FromMinutes(2);

    private InstanceLock? _lock;

    public string Name => "gvisor";

    public IReadOnlyList<ILaunchStep> Steps { get; } = steps;

    public IImages Images { get; } = images;

    public Task<RuntimeProbe> ProbeAsync(CancellationToken cancellation) => probe.RunAsync(Steps, cancellation);

    public async Task PrepareAsync(CancellationToken cancellation)
    {
        _lock ??= InstanceLock.Take(runDirectory);
        if (network.Prepare())
        {
            LogForwards();
        }

        new SlotOwners(network, journal, Runs, log).Reserve();
        filter.Load(nameservers);
        cgroups.Prepare();
        store.Prepare();
        agents.Prepare(journal, store);
        await disks.PrepareAsync([GVisorProbe.StorageGb, DefaultStorageGb], cancellation);
    }

    /// <remarks>Forwarding stays on: others on this machine may have come to need it.</remarks>
    public Task RetireAsync()
    {
        // Without the lock what there is belongs to the process that has it.
        if (_lock is null)
        {
            return Task.CompletedTask;
        }

        filter.Remove();
        cgroups.Retire();
        network.Retire();
        disks.Retire();
        return Task.CompletedTask;
    }

    public SandboxUsage Measure(SandboxId id)
    {
        CgroupUsage used = cgroups.Usage(id);
        (long diskUsed, long diskTotal) = disks.Usage(id);
        return new SandboxUsage(used.CpuTime, used.Processors, used.MemoryUsed, used.MemoryLimit, used.MemoryCache, diskUsed, diskTotal);
    }

    public async Task<RunningSandbox> AdoptAsync(LaunchRecord record, CancellationToken cancellation)
    {
        if (record.NetworkSlot is null || !Runs(record))
        {
            throw new IOException("its runtime process is gone");
        }

        // The server may have ended while it wrote the sandbox to an image.
        cgroups.FreezerOf(record.Id).Thaw();
        await network.JoinAsync(network.At(record.NetworkSlot.Value, record.AllowInternetAccess));
        return await agent.ConnectAsync(record, runsc.MayBeCheckpointing(record.Id) ? CapturedAdoptTime : AdoptTime, cancellation);
    }

    public void Dispose() => _lock?.Dispose();

    private static bool Runs(LaunchRecord record) =>
        record.RuntimePid is { } pid && ProcessStat.TryRead(pid)?.StartTicks == record.RuntimeStartTicks;

    [LoggerMessage(Level = LogLevel.Warning, Message = "IPv4 forwarding was off on this machine and is on now, for the sandboxes: it also forwards between its other networks now, as far as its own firewall lets it")]
    private partial void LogForwards();
}
