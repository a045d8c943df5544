using System.Collections.Concurrent;
using Atoll.Domain;
using Atoll.Domain.Nodes;
using Atoll.Domain.Sandboxes;
using Atoll.Domain.Snapshots;
using Atoll.Node.Resources;

namespace Atoll.Node.Runtimes.Simulated;

/// <summary>
/// What stands in for the kernel: the things that simulated launch steps made. Outlives nodes, as a machine outlives
/// the server processes on it.
/// </summary>
/// <param name="images">What its disk holds already: that of a machine that was rebooted. Null for an empty disk.</param>
internal sealed class SimulatedMachine(TimeProvider time, ConcurrentDictionary<ImageId, SimulatedImage>? images = null)
{
    private readonly ConcurrentDictionary<(SandboxId Id, string Thing), bool> _things = new();
    private readonly ConcurrentDictionary<SandboxId, SimulatedSandbox> _sandboxes = new();

    public TimeProvider Time => time;

    /// <summary>Everything that exists, for tests that look for leaks.</summary>
    public IReadOnlyCollection<(SandboxId Id, string Thing)> Things => [.. _things.Keys];

    /// <summary>Images, complete or not: they outlive a reboot.</summary>
    public ConcurrentDictionary<ImageId, SimulatedImage> Images { get; } = images ?? new();

    /// <summary>How often each sandbox was made from an image, for tests that look for work that is done twice.</summary>
    public ConcurrentDictionary<SandboxId, int> Restores { get; } = new();

    public void Make(SandboxId id, string thing) => _things[(id, thing)] = true;

    public void Remove(SandboxId id, string thing) => _things.TryRemove((id, thing), out _);

    public SimulatedSandbox Run(
        SandboxId id, SandboxResources resources, IReadOnlyDictionary<string, string> environment, TimeSpan holdBack) =>
        _sandboxes.GetOrAdd(id, _ => new SimulatedSandbox(resources, new SimulatedAgent(environment, time, holdBack)));

    /// <exception cref="FaultException">There is no such image, or it is damaged.</exception>
    public SimulatedSandbox Restore(SandboxId id, SandboxResources resources, ImageId image, TimeSpan holdBack)
    {
        if (!Images.TryGetValue(image, out SimulatedImage? found) || found is not { Memory: { } memory, Damaged: false })
        {
            throw new Fault(FaultCode.IncompatibleImage, $"image '{image}' is damaged or not there").AsException();
        }

        Restores.AddOrUpdate(id, 1, (_, times) => times + 1);
        return _sandboxes.GetOrAdd(id, _ => new SimulatedSandbox(resources, new SimulatedAgent(memory, time, holdBack)));
    }

    public SimulatedSandbox? Find(SandboxId id) => _sandboxes.GetValueOrDefault(id);

    public void Stop(SandboxId id)
    {
        if (_sandboxes.TryRemove(id, out SimulatedSandbox? sandbox))
        {
            sandbox.End("was stopped");
        }
    }

    /// <summary>Ends a sandbox as if its runtime had died.</summary>
    public void Crash(SandboxId id, string reason)
    {
        if (_sandboxes.TryRemove(id, out SimulatedSandbox? sandbox))
        {
            sandbox.End(reason);
        }
    }
}

/// <summary>One simulated sandbox: its processes and the moment it ends.</summary>
internal sealed class SimulatedSandbox(SandboxResources resources, SimulatedAgent agent)
{
    private readonly TaskCompletionSource<string> _ended = new(TaskCreationOptions.RunContinuationsAsynchronously);

    public SimulatedAgent Agent => agent;

    public Task<string> Ended => _ended.Task;

    /// <summary>Its processes use nothing; its files are counted.</summary>
    public SandboxUsage Usage => new(
        TimeSpan.Zero, resources.CpuCount, MemoryUsed: 0, (long)resources.MemoryMb << 20, MemoryCache: 0,
        ((SimulatedFiles)Agent.Files).Used, (long)resources.StorageGb << 30);

    public void End(string reason)
    {
        Agent.Close();
        _ended.TrySetResult(reason);
    }
}

/// <summary>What a sandbox was at one moment, on the simulated disk.</summary>
internal sealed record SimulatedImage(SandboxImage Image)
{
    /// <summary>Null while it is being written.</summary>
    public SimulatedAgent.Memory? Memory { get; init; }

    /// <summary>Nothing can be restored from it any more: set by tests.</summary>
    public bool Damaged { get; init; }
}
