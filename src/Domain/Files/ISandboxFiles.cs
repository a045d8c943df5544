namespace Atoll.Domain.Files;

/// <summary>
/// The files of one running sandbox. Every path is resolved inside the sandbox, by its agent: the host never opens a
/// name that a guest or a client gave. Throws <see cref="FaultException"/>: <see cref="FaultCode.NotFound"/>,
/// <see cref="FaultCode.AlreadyExists"/>, <see cref="FaultCode.NotADirectory"/>, <see cref="FaultCode.IsADirectory"/>,
/// <see cref="FaultCode.NoSpace"/>, <see cref="FaultCode.Forbidden"/> when the sandbox's kernel refuses,
/// <see cref="FaultCode.InvalidArgument"/> for a path that cannot be one, for a user that is not there, and for what is
/// neither file nor directory (a FIFO, a device, a socket) where bytes are wanted.
/// </summary>
public interface ISandboxFiles
{
    /// <summary>What is at a path. A symbolic link is told as itself, with its target.</summary>
    Task<FileEntry> StatAsync(FilePath path, CancellationToken cancellation);

    /// <summary>
    /// What is below a directory, parents before children, in no other order. Links are not followed. Names that are not
    /// UTF-8 come with U+FFFD in place of what is not. Levels beyond 128 are left out, and so is what has a path beyond 4095
    /// bytes, what vanishes meanwhile, and the temporary file of a write that is under way.
    /// </summary>
    /// <param name="depth">Levels below it, at least 1.</param>
    IAsyncEnumerable<FileEntry> ListAsync(FilePath path, int depth, CancellationToken cancellation);

    /// <summary>
    /// Opens a regular file for reading, through links. The content is never longer than the file was when it was opened,
    /// and ends early when it is cut short meanwhile.
    /// </summary>
    /// <param name="offset">Bytes to skip; beyond the end gives nothing.</param>
    /// <param name="length">Bytes wanted at most; null for all.</param>
    Task<FileReading> ReadAsync(FilePath path, long offset, long? length, CancellationToken cancellation);

    /// <summary>
    /// Writes a file whole: readers see the old content or the new, and a write that breaks off leaves the old. Missing
    /// directories are made, theirs and the file's owner is the path's user; an existing file keeps its owner and mode.
    /// The content is streamed: memory does not grow with it. A symbolic link stays, and what it leads to is written; another
    /// hard link of the old file keeps the old content. When the connection is lost behind the last byte, the fault does not
    /// say whether the file was written.
    /// </summary>
    /// <returns>The file as it is then.</returns>
    Task<FileEntry> WriteAsync(FilePath path, FileWriting options, Stream content, CancellationToken cancellation);

    /// <summary>Makes a directory, with missing ones above it, owned by the path's user. <see cref="FaultCode.AlreadyExists"/> when something is there.</summary>
    Task<FileEntry> MakeDirectoryAsync(FilePath path, CancellationToken cancellation);

    /// <summary>Renames, also from one file system to another; a file at the destination is replaced, missing directories above it are made.</summary>
    Task<FileEntry> MoveAsync(FilePath source, FilePath destination, CancellationToken cancellation);

    /// <summary>
    /// Removes what is at a path, a directory with all that is in it, a link as itself. What is not there is removed already.
    /// <see cref="FaultCode.InvalidArgument"/> for an empty path, the root directory and mount points.
    /// </summary>
    Task RemoveAsync(FilePath path, CancellationToken cancellation);

    /// <summary>Sets the permission bits (07777) of what is at a path, through links.</summary>
    Task<FileEntry> SetModeAsync(FilePath path, int mode, CancellationToken cancellation);

    /// <summary>Sets owner and group of what is at a path, through links.</summary>
    /// <param name="owner">A user of the sandbox's /etc/passwd or a number; its first group becomes the file's group.</param>
    Task<FileEntry> SetOwnerAsync(FilePath path, string owner, CancellationToken cancellation);

    /// <summary>
    /// Writes the contents of files one after another into one, as <see cref="WriteAsync"/> does, and removes them.
    /// At least one and at most 1000 sources.
    /// </summary>
    Task<FileEntry> ComposeAsync(IReadOnlyList<FilePath> sources, FilePath destination, CancellationToken cancellation);

    /// <summary>
    /// What happens to a directory from now on: the first item, a <see cref="FileEvent.Watching"/>, says that nothing is
    /// missed from then. Dropping the enumeration ends the watch; when the directory itself is removed the enumeration ends.
    /// A write by <see cref="WriteAsync"/> is told as created (if the file is new) and written. What comes from outside of the
    /// watched tree is created, what leaves it renamed.
    /// </summary>
    /// <param name="recursive">Also everything below it, directories made later included.</param>
    IAsyncEnumerable<FileEvent> WatchAsync(FilePath path, bool recursive, CancellationToken cancellation);
}

/// <summary>A path and whose it is.</summary>
/// <param name="Path">Absolute, or relative to the user's home; <c>~</c> and <c>~/…</c> are the home. At most 4095 bytes, no NUL. <c>.</c> and <c>..</c> are taken out of the text, as if no part were a link.</param>
/// <param name="User">A name from the sandbox's /etc/passwd, or a numeric uid. Owns what is made; does not limit what may be read.</param>
public sealed record FilePath(string Path, string User = "root");

/// <summary>How a file is written.</summary>
public sealed record FileWriting
{
    /// <summary>Permission bits of a file that is new.</summary>
    public int Mode { get; init; } = 0x1A4; // 0644

    /// <summary>Kept with the file as extended attributes <c>user.e2b.NAME</c>, in place of all such from before; null leaves them.</summary>
    public IReadOnlyDictionary<string, string>? Metadata { get; init; }
}

/// <summary>An open file.</summary>
/// <param name="Entry">The file as it was opened, links followed. Its size is -1 when only the end of the content tells it, as in /proc.</param>
/// <param name="Content">Its bytes from the offset. Disposing of it closes the file.</param>
public sealed record FileReading(FileEntry Entry, Stream Content) : IAsyncDisposable
{
    public ValueTask DisposeAsync() => Content.DisposeAsync();
}
