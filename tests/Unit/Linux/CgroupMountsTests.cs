using Atoll.Linux;
using Xunit;

namespace Atoll.Unit.Linux;

public sealed class CgroupMountsTests
{
    private const string CoMounted = """
        33 31 0:29 / /sys/fs/cgroup/cpu,cpuacct rw,relatime shared:9 - cgroup cgroup rw,cpu,cpuacct
        35 31 0:32 / /sys/fs/cgroup/memory rw,relatime shared:10 - cgroup cgroup rw,memory
        40 31 0:37 / /sys/fs/cgroup/systemd rw,relatime shared:11 - cgroup cgroup rw,xattr,release_agent=/lib/x,name=systemd

        """;

    private const string Unified = "41 31 0:38 / /sys/fs/cgroup/unified rw,relatime - cgroup2 cgroup2 rw\n";

    [Fact]
    public void Version_1_lists_each_controller_with_its_mount()
    {
        CgroupMounts mounts = CgroupMounts.Parse(CoMounted);
        Assert.Equal(CgroupVersion.V1, mounts.Version);
        Assert.Null(mounts.V2);
        Assert.Equal(
            ["cpu", "cpuacct", "memory", "name=systemd"], mounts.V1.Keys.Order(StringComparer.Ordinal));
        Assert.Equal("/sys/fs/cgroup/cpu,cpuacct", mounts.V1["cpu"]);
        Assert.Equal(mounts.V1["cpu"], mounts.V1["cpuacct"]);
    }

    [Fact]
    public void A_hybrid_counts_as_version_1()
    {
        CgroupMounts mounts = CgroupMounts.Parse(CoMounted + Unified);
        Assert.Equal(CgroupVersion.V1, mounts.Version);
        Assert.Equal("/sys/fs/cgroup/unified", mounts.V2);
    }

    [Fact]
    public void Only_a_named_hierarchy_beside_version_2_counts_as_version_2()
    {
        CgroupMounts mounts = CgroupMounts.Parse(
            "40 31 0:37 / /sys/fs/cgroup/systemd rw - cgroup cgroup rw,name=systemd\n28 22 0:24 / /sys/fs/cgroup rw - cgroup2 cgroup2 rw,nsdelegate\n");
        Assert.Equal(CgroupVersion.V2, mounts.Version);
        Assert.Equal("/sys/fs/cgroup", mounts.V2);
    }

    [Fact]
    public void No_cgroups_is_said() => Assert.Equal(CgroupVersion.None, CgroupMounts.Parse("22 27 0:21 / /proc rw - proc proc rw\n").Version);

    [Theory]
    [InlineData("", new int[0])]
    [InlineData("12\n7\n", new[] { 12, 7 })]
    [InlineData("0\n5\n", new[] { 5 })] // 0 stands for a process in a foreign pid namespace.
    public void Pids_are_read_from_cgroup_procs(string text, int[] expected) => Assert.Equal(expected, Cgroup.ParsePids(text));
}
