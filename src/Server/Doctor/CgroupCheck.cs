namespace Atoll.Server.Doctor;

/// <summary>Limits need the controllers cpu, memory, pids and freezer, in either version of cgroups.</summary>
internal sealed class CgroupCheck : ICheck
{
    private const string Unified = "/sys/fs/cgroup/cgroup.controllers";
    private static readonly string[] Needed = ["cpu", "memory", "pids"];

    public string Name => "cgroups";

    public async Task<Finding> RunAsync(CancellationToken cancellation) => Judge(
        await File.ReadAllTextAsync("/proc/self/mounts", cancellation),
        File.Exists(Unified) ? await File.ReadAllTextAsync(Unified, cancellation) : null);

    /// <param name="mounts">The text of <c>/proc/self/mounts</c>.</param>
    /// <param name="controllers">The text of the root's <c>cgroup.controllers</c>; null when the unified hierarchy is not at /sys/fs/cgroup.</param>
    public static Finding Judge(string mounts, string? controllers)
    {
        if (controllers is not null)
        {
            // In version 2 every group can be frozen: there is no controller for it.
            string[] missing = [.. Needed.Except(controllers.Split((char[]?)null, StringSplitOptions.RemoveEmptyEntries))];
            return missing.Length == 0
                ? Finding.Ok("version 2, with " + string.Join(", ", Needed))
                : Finding.Fail($"version 2 lacks {string.Join(", ", missing)}", "remove cgroup_disable= from the kernel's command line and reboot");
        }

        HashSet<string> mounted =
            [.. mounts.Split('\n').Select(line => line.Split(' ')).Where(f => f is [_, _, "cgroup", _, ..]).SelectMany(f => f[3].Split(','))];
        string[] lacking = [.. Needed.Append("freezer").Where(c => !mounted.Contains(c))];
        return lacking.Length switch
        {
            0 => Finding.Ok("version 1, with cpu, memory, pids, freezer"),
            4 => Finding.Fail("no cgroup hierarchy is mounted", "mount -t cgroup2 none /sys/fs/cgroup"),
            _ => Finding.Fail(
                $"version 1 lacks {string.Join(", ", lacking)}",
                string.Join('\n', lacking.Select(c => $"mkdir -p /sys/fs/cgroup/{c} && mount -t cgroup -o {c} none /sys/fs/cgroup/{c}"))),
        };
    }
}
