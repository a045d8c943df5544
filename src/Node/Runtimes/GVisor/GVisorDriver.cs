using Atoll.Linux;
using Atoll.Node.Launch;
using Atoll.Node.Network;
using Atoll.Node.Recovery;
using Atoll.Node.Resources;
using Atoll.Node.Storage;

namespace Atoll.Node.Runtimes.GVisor;

/// <summary>
/// Sandboxes in gVisor: a kernel of their own in user space, by the <c>runsc</c> program on its systrap platform, which
/// needs no hardware virtualisation.
/// </summary>
internal sealed class GVisorDriver(
    NetworkSlots network, SandboxFilter filter, DiskImages disks, SandboxCgroups cgroups, AgentStep agent, IReadOnlyList<ILaunchStep> steps,
    GVisorProbe probe, LaunchJournal journal, string runDirectory) : IRuntimeDriver, IDisposable
{
    /// <summary>GiB of a sandbox that asks for none; its blank image is made before the first request.</summary>
    private const int DefaultStorageGb = 10;

    /// <summary>How long an agent that answered an earlier server may take to answer this one.</summary>
    private static readonly TimeSpan AdoptTime = TimeSpan.FromSeconds(5);

    private InstanceLock? _lock;

    public string Name => "gvisor";

    public IReadOnlyList<ILaunchStep> Steps { get; } = steps;

    public Task<RuntimeProbe> ProbeAsync(CancellationToken cancellation) => probe.RunAsync(Steps, cancellation);

    public async Task PrepareAsync(CancellationToken cancellation)
    {
        _lock ??= InstanceLock.Take(runDirectory);
        network.Prepare();
        foreach (LaunchRecord record in journal.List())
        {
            // Sandboxes that an earlier server left keep their slots until they are adopted or cleaned.
            if (record.NetworkSlot is { } slot)
            {
                network.Reserve(slot);
            }
        }

        filter.Load(Nameservers.OfHost());
        cgroups.Prepare();
        await disks.PrepareAsync([GVisorProbe.StorageGb, DefaultStorageGb], cancellation);
    }

    /// <remarks>Forwarding stays on: others on this machine may have come to need it.</remarks>
    public Task RetireAsync()
    {
        filter.Remove();
        cgroups.Retire();
        network.Retire();
        disks.Retire();
        return Task.CompletedTask;
    }

    public Task<RunningSandbox> AdoptAsync(LaunchRecord record, CancellationToken cancellation)
    {
        if (record is not { RuntimePid: { } pid, NetworkSlot: not null } || ProcessStat.TryRead(pid)?.StartTicks != record.RuntimeStartTicks)
        {
            throw new IOException("its runtime process is gone");
        }

        return agent.ConnectAsync(record, AdoptTime, cancellation);
    }

    public void Dispose() => _lock?.Dispose();
}
