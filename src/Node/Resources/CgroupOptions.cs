namespace Atoll.Node.Resources;

/// <summary>Where the cgroups of sandboxes live and what they allow beyond a sandbox's own resources.</summary>
internal sealed record CgroupOptions
{
    /// <summary>Name of the cgroup at the top of each hierarchy under which each sandbox has its own.</summary>
    public string Root { get; init; } = "atoll";

    /// <summary>
    /// MiB on top of a sandbox's memory for the runtime's own processes. runsc shows the guest the whole limit as its
    /// memory, this included.
    /// </summary>
    public int RuntimeOverheadMb { get; init; } = 64;

    /// <summary>
    /// Tasks of one sandbox on the host at the most: a fuse for the host's sake. The runtime needs some tens, and a
    /// guest that blows it loses the whole sandbox.
    /// </summary>
    public int MaxTasks { get; init; } = 4096;
}
