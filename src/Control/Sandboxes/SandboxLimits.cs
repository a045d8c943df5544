namespace Atoll.Control.Sandboxes;

/// <summary>The bounds of what a caller may ask of a sandbox (contracts/scalebox.md 1.2).</summary>
public sealed record SandboxLimits
{
    public TimeSpan MinTimeout { get; init; } = TimeSpan.FromSeconds(60);
    public TimeSpan MaxTimeout { get; init; } = TimeSpan.FromHours(24);
    public TimeSpan DefaultTimeout { get; init; } = TimeSpan.FromSeconds(300);

    /// <summary>MiB.</summary>
    public int MinMemoryMb { get; init; } = 128;

    /// <summary>GiB; half of the node's most when that is less.</summary>
    public int DefaultStorageGb { get; init; } = 10;

    public string DefaultTemplate { get; init; } = "base";

    /// <summary>UTF-16 characters.</summary>
    public int MaxNameLength { get; init; } = 24;

    /// <summary>UTF-16 characters.</summary>
    public int MaxDescriptionLength { get; init; } = 1000;

    /// <summary>Entries of each of environment and metadata.</summary>
    public int MaxEntries { get; init; } = 256;

    /// <summary>Bytes of UTF-8 of all keys and values of each of environment and metadata.</summary>
    public int MaxEntryBytes { get; init; } = 64 * 1024;

    public int MaxPorts { get; init; } = 64;
}
