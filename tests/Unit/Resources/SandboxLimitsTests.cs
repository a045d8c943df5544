using Atoll.Domain.Sandboxes;
using Atoll.Linux;
using Atoll.Node.Resources;
using Xunit;

namespace Atoll.Unit.Resources;

public sealed class SandboxLimitsTests
{
    private static readonly SandboxResources Resources = new(CpuCount: 2, MemoryMb: 512, StorageGb: 1);

    [Fact]
    public void Version_1_never_has_less_memory_and_swap_than_memory()
    {
        Assert.Equal(
            [
                "cpu.cfs_period_us=100000", "cpu.cfs_quota_us=200000", "memory.memsw.limit_in_bytes=-1",
                "memory.limit_in_bytes=603979776", "memory.memsw.limit_in_bytes=603979776", "pids.max=4096",
            ],
            SandboxLimits.V1(Resources, new CgroupOptions()).Select(setting => $"{setting.File}={setting.Value}"));
    }

    [Fact]
    public void Version_2_says_the_same_in_its_words()
    {
        Assert.Equal(
            ["cpu.max=200000 100000", "memory.max=536870912", "memory.swap.max=0", "pids.max=7"],
            SandboxLimits.V2(Resources, new CgroupOptions { RuntimeOverheadMb = 0, MaxTasks = 7 })
                .Select(setting => $"{setting.File}={setting.Value}"));
    }

    [Fact]
    public void A_missing_controller_is_named()
    {
        CgroupMounts mounts = CgroupMounts.Parse("33 31 0:29 / /sys/fs/cgroup/cpu rw - cgroup cgroup rw,cpu\n");
        var cgroups = new SandboxCgroups(new CgroupOptions(), mounts);
        Assert.Equal(["memory", "pids", "freezer"], cgroups.MissingControllers());
        Assert.Contains("memory, pids, freezer", Assert.Throws<IOException>(cgroups.Prepare).Message);
    }
}
