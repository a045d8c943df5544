using System.Globalization;
using Atoll.Linux;

namespace Atoll.Node.Resources;

/// <summary>What the processes of one cgroup use, out of its files.</summary>
/// <param name="MemoryCache">File content without shared memory, which is what gVisor keeps a guest's own memory in.</param>
internal sealed record CgroupUsage(TimeSpan CpuTime, double Processors, long MemoryUsed, long MemoryCache, long MemoryLimit)
{
    private const long MicrosecondsPerTick = 10;
    private const long NanosecondsPerTick = 100;

    /// <param name="of">The sandbox's cgroup of a controller; null when the machine has not got that controller.</param>
    /// <exception cref="IOException">It is gone.</exception>
    public static CgroupUsage Read(CgroupVersion version, Func<string, Cgroup?> of)
    {
        Cgroup cpu = of("cpu") ?? throw new IOException("there is no cpu controller");
        Cgroup memory = of("memory") ?? throw new IOException("there is no memory controller");
        string stat = memory.Read("memory.stat");
        if (version is CgroupVersion.V2)
        {
            long cache = Cgroup.ParseValue(stat, "file") - Cgroup.ParseValue(stat, "shmem");
            var time = TimeSpan.FromTicks(Cgroup.ParseValue(cpu.Read("cpu.stat"), "usage_usec") * MicrosecondsPerTick);
            string[] quota = cpu.Read("cpu.max").Split(' ');
            return new CgroupUsage(
                time, Number(quota[0]) / (double)Number(quota[1]), Number(memory.Read("memory.current")) - cache, cache, Number(memory.Read("memory.max")));
        }

        long cached = Cgroup.ParseValue(stat, "total_cache") - Cgroup.ParseValue(stat, "total_shmem");
        var used = TimeSpan.FromTicks(of("cpuacct") is { } account ? Number(account.Read("cpuacct.usage")) / NanosecondsPerTick : 0);
        return new CgroupUsage(
            used, Number(cpu.Read("cpu.cfs_quota_us")) / (double)Number(cpu.Read("cpu.cfs_period_us")),
            Number(memory.Read("memory.usage_in_bytes")) - cached, cached, Number(memory.Read("memory.limit_in_bytes")));
    }

    private static long Number(string text) => long.Parse(text, CultureInfo.InvariantCulture);
}
