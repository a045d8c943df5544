using Atoll.Linux;
using Atoll.Node.Recovery;
using Atoll.Node.Resources;

namespace Atoll.Node.Runtimes.GVisor;

/// <summary>Notices the end of a sandbox's process, whoever started it, and says why it may have ended.</summary>
internal sealed class SandboxEnds(SandboxCgroups cgroups)
{
    /// <summary>Completes with the reason when the sandbox has ended; never faults.</summary>
    public async Task<string> WaitAsync(LaunchRecord record)
    {
        try
        {
            await ProcessExits.WaitAsync(record.RuntimePid!.Value, record.RuntimeStartTicks, CancellationToken.None);
        }
        catch (IOException e)
        {
            return $"its runtime process could not be watched: {e.Message}";
        }

        // Who cleans the sandbox up may remove its cgroup at the same time.
        return cgroups.OutOfMemoryKills(record.Id) > 0
            ? "it ran out of memory and the kernel killed its runtime; create it with a larger memory_mb"
            : "its runtime process ended: killed from outside, by a limit on processes, or because its agent ended";
    }
}
