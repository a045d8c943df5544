using System.Text.Json.Serialization;

namespace Atoll.Sdk;

/// <summary>Something with a path in a sandbox.</summary>
public sealed record FileEntry
{
    /// <summary>The last part of its path.</summary>
    public required string Name { get; init; }

    /// <summary>Absolute.</summary>
    public required string Path { get; init; }

    /// <summary>FILE_TYPE_FILE or FILE_TYPE_DIRECTORY.</summary>
    public required string Type { get; init; }

    /// <summary>Bytes.</summary>
    public long Size { get; init; }

    /// <summary>Such as <c>-rw-r--r--</c>.</summary>
    public string? Permissions { get; init; }

    /// <summary>The owner's name, or number where there is none.</summary>
    public string? Owner { get; init; }

    /// <summary>The group's name, or number where there is none.</summary>
    public string? Group { get; init; }

    /// <summary>When its content changed last.</summary>
    public DateTimeOffset? ModifiedTime { get; init; }

    /// <summary>Where a symbolic link leads; null for anything else.</summary>
    public string? SymlinkTarget { get; init; }

    /// <summary>Whether it is a directory.</summary>
    [JsonIgnore]
    public bool IsDirectory => Type == "FILE_TYPE_DIRECTORY";
}

internal sealed record FileEntryReply(FileEntry Entry);

internal sealed record FileListReply(List<FileEntry>? Entries);

internal sealed record FileQuery(string Path, int? Depth = null);
