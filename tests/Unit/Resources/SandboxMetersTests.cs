using Atoll.Domain.Nodes;
using Atoll.Domain.Sandboxes;
using Atoll.Linux;
using Atoll.Node.Resources;
using Atoll.Unit.Control;
using Xunit;

namespace Atoll.Unit.Resources;

public sealed class SandboxMetersTests
{
    private readonly SandboxId _id = SandboxId.New(DateTimeOffset.UtcNow);

    [Fact]
    public async Task Processor_time_is_told_as_a_share_since_the_last_question()
    {
        var time = new FakeTime();
        TimeSpan used = TimeSpan.Zero;
        var meters = new SandboxMeters(_ => Usage(used), time);
        Task<SandboxStats> first = meters.ReadAsync(_id, default);
        used = TimeSpan.FromMilliseconds(100);
        time.Advance(SandboxMeters.Shortest);
        Assert.Equal(25, (await first).CpuUsedPercent, 3);

        used += TimeSpan.FromSeconds(4);
        time.Advance(TimeSpan.FromSeconds(4));
        Assert.Equal(50, (await meters.ReadAsync(_id, default)).CpuUsedPercent, 3);
        used += TimeSpan.FromMilliseconds(1);
        time.Advance(TimeSpan.FromMilliseconds(1));
        Assert.Equal(50, (await meters.ReadAsync(_id, default)).CpuUsedPercent, 3);
        used += TimeSpan.FromHours(1);
        time.Advance(TimeSpan.FromSeconds(1));
        Assert.Equal(100, (await meters.ReadAsync(_id, default)).CpuUsedPercent, 3);
    }

    [Theory]
    [InlineData(CgroupVersion.V2)]
    [InlineData(CgroupVersion.V1)]
    public void The_kernels_files_are_read_in_both_versions(CgroupVersion version)
    {
        string directory = Directory.CreateTempSubdirectory("atoll-cgroup-").FullName;
        try
        {
            (string File, string Text)[] files = version is CgroupVersion.V2
                ?
                [
                    ("cpu.stat", "usage_usec 2500000\nuser_usec 1\n"), ("cpu.max", "150000 100000\n"), ("memory.current", "1000\n"),
                    ("memory.max", "5000\n"), ("memory.stat", "anon 1\nfile 700\nshmem 600\n"),
                ]
                :
                [
                    ("cpuacct.usage", "2500000000\n"), ("cpu.cfs_quota_us", "150000\n"), ("cpu.cfs_period_us", "100000\n"),
                    ("memory.usage_in_bytes", "1000\n"), ("memory.limit_in_bytes", "5000\n"), ("memory.stat", "cache 1\ntotal_cache 700\ntotal_shmem 600\n"),
                ];
            foreach ((string file, string text) in files)
            {
                File.WriteAllText(Path.Combine(directory, file), text);
            }

            Assert.Equal(
                new CgroupUsage(TimeSpan.FromSeconds(2.5), 1.5, MemoryUsed: 900, MemoryCache: 100, MemoryLimit: 5000),
                CgroupUsage.Read(version, _ => new Cgroup(directory)));
        }
        finally
        {
            Directory.Delete(directory, recursive: true);
        }
    }

    private static SandboxUsage Usage(TimeSpan cpu) => new(cpu, Processors: 2, 10, 100, 5, 1, 2);
}
