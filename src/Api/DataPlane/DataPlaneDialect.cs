namespace Atoll.Api.DataPlane;

/// <summary>What differs between the data planes of the dialects, whose messages are otherwise the same.</summary>
internal sealed record DataPlaneDialect
{
    /// <summary>contracts/scalebox.md 3.</summary>
    public static readonly DataPlaneDialect ScaleBox = new() { DefaultUser = "root", UserHeader = "X-User" };

    /// <summary>contracts/e2b.md 2.</summary>
    public static readonly DataPlaneDialect E2b = new() { DefaultUser = "user", HasSymlinks = true, HasMetadata = true };

    /// <summary>In whose name a call acts that names nobody.</summary>
    public required string DefaultUser { get; init; }

    /// <summary>A header that names the user and goes before Authorization; null for none.</summary>
    public string? UserHeader { get; init; }

    /// <summary>Whether a symbolic link has a type of its own; otherwise it is told as a file with a target.</summary>
    public bool HasSymlinks { get; init; }

    /// <summary>Whether files have metadata, and events the entry that they are about.</summary>
    public bool HasMetadata { get; init; }
}
