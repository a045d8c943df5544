namespace Atoll.Node.Resources;

/// <summary>What a sandbox has used and may use, as its driver counts it; bytes.</summary>
/// <param name="CpuTime">Since it started.</param>
/// <param name="Processors">How many it may keep busy.</param>
internal sealed record SandboxUsage(
    TimeSpan CpuTime, double Processors, long MemoryUsed, long MemoryTotal, long MemoryCache, long DiskUsed, long DiskTotal);
