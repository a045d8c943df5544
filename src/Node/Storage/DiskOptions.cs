namespace Atoll.Node.Storage;

/// <summary>Where the disks of sandboxes live on this machine.</summary>
internal sealed record DiskOptions
{
    /// <summary>
    /// <c>sandboxes/ID/disk.img</c> is a sandbox's image, <c>sandboxes/ID/disk</c> the place where it is mounted,
    /// <c>blanks/</c> the formatted images that are copied.
    /// </summary>
    public string DataDirectory { get; init; } = "/var/lib/atoll";

    public string SandboxesDirectory => Path.Combine(DataDirectory, "sandboxes");

    public string BlanksDirectory => Path.Combine(DataDirectory, "blanks");
}
