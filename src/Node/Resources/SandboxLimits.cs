using System.Globalization;
using Atoll.Domain.Sandboxes;

namespace Atoll.Node.Resources;

/// <summary>What is written into the files of a sandbox's cgroup, for both versions of cgroups; pure.</summary>
/// <param name="Controller">The controller whose directory holds the file.</param>
/// <param name="Optional">True for files that a kernel may lack, such as those that limit swap.</param>
internal sealed record CgroupSetting(string Controller, string File, string Value, bool Optional = false);

/// <summary>Turns a sandbox's resources into cgroup settings, in the order in which they must be written.</summary>
internal static class SandboxLimits
{
    private const int PeriodMicroseconds = 100_000;

    public static IReadOnlyList<CgroupSetting> V1(SandboxResources resources, CgroupOptions options) =>
    [
        new("cpu", "cpu.cfs_period_us", Text(PeriodMicroseconds)),
        new("cpu", "cpu.cfs_quota_us", Text((long)resources.CpuCount * PeriodMicroseconds)),
        // Memory and swap together must never be less than memory alone: out of the way first, then the same.
        new("memory", "memory.memsw.limit_in_bytes", "-1", Optional: true),
        new("memory", "memory.limit_in_bytes", Text(MemoryBytes(resources, options))),
        new("memory", "memory.memsw.limit_in_bytes", Text(MemoryBytes(resources, options)), Optional: true),
        new("pids", "pids.max", Text(options.MaxTasks)),
    ];

    public static IReadOnlyList<CgroupSetting> V2(SandboxResources resources, CgroupOptions options) =>
    [
        new("cpu", "cpu.max", $"{Text((long)resources.CpuCount * PeriodMicroseconds)} {Text(PeriodMicroseconds)}"),
        new("memory", "memory.max", Text(MemoryBytes(resources, options))),
        new("memory", "memory.swap.max", "0", Optional: true),
        new("pids", "pids.max", Text(options.MaxTasks)),
    ];

    private static long MemoryBytes(SandboxResources resources, CgroupOptions options) =>
        ((long)resources.MemoryMb + options.RuntimeOverheadMb) << 20;

    private static string Text(long value) => value.ToString(CultureInfo.InvariantCulture);
}
