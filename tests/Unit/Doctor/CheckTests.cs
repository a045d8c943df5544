using System.Runtime.InteropServices;
using Atoll.Server.Doctor;
using Xunit;

namespace Atoll.Unit.Doctor;

public sealed class CheckTests
{
    private const string VersionOne =
        """
        tmpfs /sys/fs/cgroup tmpfs rw 0 0
        cgroup /sys/fs/cgroup/cpu,cpuacct cgroup rw,nosuid,cpu,cpuacct 0 0
        cgroup /sys/fs/cgroup/memory cgroup rw,memory 0 0
        cgroup /sys/fs/cgroup/pids cgroup rw,pids 0 0
        cgroup /sys/fs/cgroup/freezer cgroup rw,freezer 0 0
        cgroup2 /sys/fs/cgroup/unified cgroup2 rw 0 0
        """;

    [Theory]
    [InlineData("6.1.0-32-amd64", Severity.Ok)]
    [InlineData("6.18.44-fc-v657", Severity.Ok)]
    [InlineData("5.10.0", Severity.Ok)]
    [InlineData("5.9.16", Severity.Fail)]
    [InlineData("4.19.0-27-amd64", Severity.Fail)]
    [InlineData("6.1+", Severity.Ok)]
    [InlineData("custom", Severity.Warn)]
    [InlineData("", Severity.Warn)]
    internal void A_kernel_is_judged_by_its_version(string release, Severity severity) =>
        Assert.Equal(severity, KernelCheck.Judge(release, System.Runtime.InteropServices.Architecture.X64).Severity);

    [Fact]
    public void Another_architecture_fails() => Assert.Equal(Severity.Fail, KernelCheck.Judge("6.1.0", System.Runtime.InteropServices.Architecture.Arm64).Severity);

    [Theory]
    [InlineData("cpuset cpu io memory hugetlb pids rdma\n", null)]
    [InlineData("cpu io pids\n", "memory")]
    [InlineData("\n", "cpu, memory, pids")]
    public void Version_2_of_cgroups_is_judged_by_its_controllers(string controllers, string? missing)
    {
        Finding finding = CgroupCheck.Judge("cgroup2 /sys/fs/cgroup cgroup2 rw 0 0\n", controllers);
        Assert.Equal(missing is null ? Severity.Ok : Severity.Fail, finding.Severity);
        Assert.Contains(missing ?? "version 2", finding.Found);
    }

    [Fact]
    public void Version_1_of_cgroups_is_judged_by_what_is_mounted()
    {
        Assert.Equal(Severity.Ok, CgroupCheck.Judge(VersionOne, null).Severity);
        Finding finding = CgroupCheck.Judge(VersionOne.Replace("freezer", "net_cls"), null);
        Assert.Equal((Severity.Fail, "version 1 lacks freezer"), (finding.Severity, finding.Found));
        Assert.Equal("mkdir -p /sys/fs/cgroup/freezer && mount -t cgroup -o freezer none /sys/fs/cgroup/freezer", finding.Remedy);
        Assert.Contains("cgroup2", CgroupCheck.Judge("tmpfs / tmpfs rw 0 0\n", null).Remedy);
    }

    [Theory]
    [InlineData("ext4", 100, true, Severity.Ok)]
    [InlineData("ext4", 10, true, Severity.Warn)]
    [InlineData("ext4", 1, true, Severity.Fail)]
    [InlineData("ext4", 100, false, Severity.Fail)]
    [InlineData("tmpfs", 100, true, Severity.Warn)]
    [InlineData("nfs4", 100, true, Severity.Warn)]
    internal void A_disk_is_judged_by_its_kind_its_room_and_loop_devices(string format, int freeGib, bool loop, Severity severity)
    {
        Finding finding = DiskCheck.Judge("/var/lib/atoll", format, (long)freeGib << 30, loop);
        Assert.Equal(severity, finding.Severity);
        Assert.Equal(severity == Severity.Ok, finding.Remedy is null);
    }

    [Theory]
    [InlineData(0, Severity.Ok)]
    [InlineData(3650, Severity.Ok)]
    [InlineData(-1, Severity.Fail)]
    internal void A_clock_may_not_be_before_the_program_was_built(int days, Severity severity)
    {
        var built = new DateTimeOffset(2026, 1, 1, 0, 0, 0, TimeSpan.Zero);
        Assert.Equal(severity, ClockCheck.Judge(built.AddDays(days), built).Severity);
    }

    [Theory]
    [InlineData("1\n", """{"nftables": [{"metainfo": {"version": "1.0.6"}}]}""", Severity.Ok)]
    [InlineData("1\n", null, Severity.Ok)]
    [InlineData("1\n", "{}", Severity.Ok)]
    [InlineData("0\n", """{"nftables": []}""", Severity.Ok)]
    [InlineData("1\n", """{"nftables": [{"chain": {"family": "ip", "table": "filter", "name": "FORWARD", "hook": "forward", "policy": "accept"}}]}""", Severity.Ok)]
    [InlineData("1\n", """{"nftables": [{"chain": {"family": "ip", "table": "filter", "name": "INPUT", "hook": "input", "policy": "drop"}}]}""", Severity.Ok)]
    [InlineData("1\n", """{"nftables": [{"chain": {"family": "inet", "table": "atoll", "name": "fwd", "hook": "forward", "policy": "drop"}}]}""", Severity.Ok)]
    [InlineData("1\n", """{"nftables": [{"chain": {"family": "ip", "table": "filter", "name": "FORWARD", "hook": "forward", "policy": "drop"}}]}""", Severity.Warn)]
    internal void Forwarding_is_judged_by_the_switch_and_by_others_rules(string enabled, string? chains, Severity severity) =>
        Assert.Equal(severity, ForwardingCheck.Judge(enabled, chains).Severity);

    [Fact]
    public void A_chain_that_drops_is_named() => Assert.Contains(
        "ip filter FORWARD",
        ForwardingCheck.Judge("1", """{"nftables": [{"chain": {"family": "ip", "table": "filter", "name": "FORWARD", "hook": "forward", "policy": "drop"}}]}""").Found);
}
