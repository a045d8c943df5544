namespace Atoll.Server.Doctor;

/// <summary>The programs that the server calls outside of the path of a request.</summary>
/// <param name="path">The value of PATH.</param>
/// <param name="always">Directories that are searched whatever PATH says; null for those of root.</param>
internal sealed class ToolsCheck(string? path, IReadOnlyList<string>? always = null) : ICheck
{
    private static readonly (string Program, string Package)[] Needed =
        [("nft", "nftables"), ("ip", "iproute2"), ("mkfs.ext4", "e2fsprogs"), ("mmdebstrap", "mmdebstrap"), ("bwrap", "bubblewrap")];

    // Root's PATH lacks these when it was inherited through su.
    private static readonly string[] Always = ["/usr/local/sbin", "/usr/sbin", "/sbin"];

    public string Name => "tools";

    public Task<Finding> RunAsync(CancellationToken cancellation)
    {
        string[] directories = [.. (path ?? "").Split(':', StringSplitOptions.RemoveEmptyEntries), .. always ?? Always];
        (string Program, string Package)[] missing =
            [.. Needed.Where(tool => !directories.Any(directory => File.Exists(Path.Combine(directory, tool.Program))))];
        return Task.FromResult(missing.Length == 0
            ? Finding.Ok(string.Join(", ", Needed.Select(tool => tool.Program)))
            : Finding.Fail(
                "missing: " + string.Join(", ", missing.Select(tool => tool.Program)),
                "apt-get install " + string.Join(' ', missing.Select(tool => tool.Package))));
    }
}
