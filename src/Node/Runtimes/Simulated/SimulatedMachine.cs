using System.Collections.Concurrent;
using Atoll.Domain.Sandboxes;
using Atoll.Node.Resources;

namespace Atoll.Node.Runtimes.Simulated;

/// <summary>
/// What stands in for the kernel: the things that simulated launch steps made. Outlives nodes, as a machine outlives
/// the server processes on it.
/// </summary>
internal sealed class SimulatedMachine(TimeProvider time)
{
    private readonly ConcurrentDictionary<(SandboxId Id, string Thing), bool> _things = new();
    private readonly ConcurrentDictionary<SandboxId, SimulatedSandbox> _sandboxes = new();

    public TimeProvider Time => time;

    /// <summary>Everything that exists, for tests that look for leaks.</summary>
    public IReadOnlyCollection<(SandboxId Id, string Thing)> Things => [.. _things.Keys];

    public void Make(SandboxId id, string thing) => _things[(id, thing)] = true;

    public void Remove(SandboxId id, string thing) => _things.TryRemove((id, thing), out _);

    public SimulatedSandbox Run(
        SandboxId id, SandboxResources resources, IReadOnlyDictionary<string, string> environment, TimeSpan holdBack) =>
        _sandboxes.GetOrAdd(id, _ => new SimulatedSandbox(resources, environment, time, holdBack));

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
internal sealed class SimulatedSandbox(
    SandboxResources resources, IReadOnlyDictionary<string, string> environment, TimeProvider time, TimeSpan holdBack)
{
    private readonly TaskCompletionSource<string> _ended = new(TaskCreationOptions.RunContinuationsAsynchronously);

    public SimulatedAgent Agent { get; } = new(environment, time, holdBack);

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
