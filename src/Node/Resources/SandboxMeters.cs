using System.Collections.Concurrent;
using Atoll.Domain.Nodes;
using Atoll.Domain.Sandboxes;

namespace Atoll.Node.Resources;

/// <summary>Tells what sandboxes use: processor time as a share of the time since each was last asked for.</summary>
internal sealed class SandboxMeters(Func<SandboxId, SandboxUsage> measure, TimeProvider time)
{
    /// <summary>A share over less than this says little: what was told before is told again.</summary>
    public static readonly TimeSpan Shortest = TimeSpan.FromMilliseconds(200);

    private readonly ConcurrentDictionary<SandboxId, Reading> _last = new();

    private sealed record Reading(long At, TimeSpan CpuTime, double Percent);

    public async Task<SandboxStats> ReadAsync(SandboxId id, CancellationToken cancellation)
    {
        if (!_last.TryGetValue(id, out Reading? last))
        {
            last = new Reading(time.GetTimestamp(), measure(id).CpuTime, 0);
            await Task.Delay(Shortest, time, cancellation);
        }

        long now = time.GetTimestamp();
        SandboxUsage usage = measure(id);
        TimeSpan passed = time.GetElapsedTime(last.At, now);
        double percent = last.Percent;
        if (passed >= Shortest)
        {
            percent = Math.Clamp((usage.CpuTime - last.CpuTime) / passed / usage.Processors * 100, 0, 100);
            _last[id] = new Reading(now, usage.CpuTime, percent);
        }

        return new SandboxStats
        {
            At = time.GetUtcNow(),
            CpuTime = usage.CpuTime,
            CpuUsedPercent = percent,
            MemoryUsed = Math.Clamp(usage.MemoryUsed, 0, usage.MemoryTotal),
            MemoryTotal = usage.MemoryTotal,
            MemoryCache = Math.Max(0, usage.MemoryCache),
            DiskUsed = usage.DiskUsed,
            DiskTotal = usage.DiskTotal,
        };
    }

    public void Forget(SandboxId id) => _last.TryRemove(id, out _);
}
