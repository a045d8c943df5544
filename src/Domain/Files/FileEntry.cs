namespace Atoll.Domain.Files;

public enum FileKind
{
    File,
    Directory,
    SymbolicLink,

    /// <summary>A FIFO, a device or a socket.</summary>
    Other,
}

/// <summary>Something with a path in a sandbox.</summary>
public sealed record FileEntry
{
    /// <summary>The last part of its path.</summary>
    public required string Name { get; init; }

    /// <summary>Absolute.</summary>
    public required string Path { get; init; }

    public required FileKind Kind { get; init; }

    /// <summary>Bytes, as the sandbox's kernel says.</summary>
    public long Size { get; init; }

    /// <summary>Permission bits, 07777.</summary>
    public int Mode { get; init; }

    /// <summary>A name where the sandbox's /etc/passwd has one, otherwise the number.</summary>
    public string Owner { get; init; } = "";

    /// <summary>A name where the sandbox's /etc/group has one, otherwise the number.</summary>
    public string Group { get; init; } = "";

    public DateTimeOffset ModifiedAt { get; init; }

    /// <summary>Where a symbolic link leads, as it is written; null for anything else.</summary>
    public string? LinkTarget { get; init; }

    /// <summary>Its extended attributes <c>user.e2b.NAME</c>, by NAME; told by Stat and of a file just written, empty in lists.</summary>
    public IReadOnlyDictionary<string, string> Metadata { get; init; } = new Dictionary<string, string>();
}
