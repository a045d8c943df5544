namespace Atoll.Linux;

public enum CgroupVersion
{
    /// <summary>No cgroup file system is mounted.</summary>
    None,

    /// <summary>Controllers in hierarchies of their own; a version 2 tree without them may be there too (hybrid).</summary>
    V1,

    /// <summary>One tree.</summary>
    V2,
}

/// <summary>Where this machine's cgroup controllers are; cgroups(7).</summary>
/// <param name="V1">Mount points of version 1 by controller; co-mounted ones share theirs, named ones are <c>name=...</c>.</param>
/// <param name="V2">Mount point of the version 2 tree, also in hybrid mode; null when there is none.</param>
public sealed record CgroupMounts(CgroupVersion Version, IReadOnlyDictionary<string, string> V1, string? V2)
{
    /// <summary>Super block options that are not controllers.</summary>
    private static readonly string[] NotControllers = ["rw", "ro", "xattr", "clone_children", "noprefix", "cpuset_v2_mode", "none"];

    public static CgroupMounts Read() => Parse(File.ReadAllText("/proc/self/mountinfo"));

    /// <summary>Finds them in the text of /proc/self/mountinfo.</summary>
    public static CgroupMounts Parse(string mountinfo)
    {
        Dictionary<string, string> v1 = [];
        string? v2 = null;
        foreach (MountEntry mount in MountTable.Parse(mountinfo))
        {
            if (mount.Type == "cgroup2")
            {
                v2 ??= mount.Target;
            }
            else if (mount.Type == "cgroup")
            {
                foreach (string option in mount.SuperOptions)
                {
                    if (!NotControllers.Contains(option) && !option.StartsWith("release_agent=", StringComparison.Ordinal))
                    {
                        v1.TryAdd(option, mount.Target);
                    }
                }
            }
        }

        bool controllers = v1.Keys.Any(name => !name.StartsWith("name=", StringComparison.Ordinal));
        CgroupVersion version = controllers ? CgroupVersion.V1 : v2 is not null ? CgroupVersion.V2 : CgroupVersion.None;
        return new CgroupMounts(version, v1, v2);
    }
}
