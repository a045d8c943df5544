namespace Atoll.Domain.Files;

/// <summary>What a watcher of a directory sees.</summary>
public abstract record FileEvent
{
    private FileEvent()
    {
    }

    /// <summary>The first event: the watch is in place.</summary>
    public sealed record Watching : FileEvent;

    /// <param name="Name">Path relative to the watched directory.</param>
    /// <param name="Entry">What is there now; null when it is gone already.</param>
    public sealed record Changed(string Name, FileChange Change, FileEntry? Entry) : FileEvent;

    /// <summary>More happened than could be kept: look again.</summary>
    public sealed record Overflowed : FileEvent;
}

public enum FileChange
{
    Created,
    Written,
    Removed,

    /// <summary>Moved away from this name, or to it within the watched tree.</summary>
    Renamed,

    /// <summary>Mode, owner or attributes changed.</summary>
    ModeChanged,
}
