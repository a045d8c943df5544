namespace Atoll.Control.Sandboxes;

/// <summary>The bounds of what a caller may ask of a sandbox (contracts/scalebox.md 1.2).</summary>
public sealed record SandboxLimits
{
    /// <summary>Of all dialects; one of them may ask for more.</summary>
    public TimeSpan MinTimeout { get; init; } = TimeSpan.FromSeconds(1);

    public TimeSpan MaxTimeout { get; init; } = TimeSpan.FromHours(24);
    public TimeSpan DefaultTimeout { get; init; } = TimeSpan.FromSeconds(300);

    /// <summary>How long a sandbox must at least be let alone before it is paused for that.</summary>
    public TimeSpan MinIdleTimeout { get; init; } = TimeSpan.FromSeconds(10);

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

    /// <summary>UTF-16 characters of what stands in for Host.</summary>
    public int MaxRequestHostLength { get; init; } = 255;
}
