using Atoll.Api.DataPlane.Messages;
using Atoll.Domain.Files;
using Google.Protobuf.WellKnownTypes;

namespace Atoll.Api.DataPlane.Files;

/// <summary>Files and what happens to them, as messages.</summary>
internal static class FileEntries
{
    private const int Setuid = 0x800;
    private const int Setgid = 0x400;
    private const int Sticky = 0x200;
    private const int Permissions = 0x1FF;

    public static EntryInfo Of(FileEntry entry, DataPlaneDialect dialect)
    {
        var info = new EntryInfo
        {
            Name = entry.Name,
            Type = TypeOf(entry.Kind, dialect),
            Path = entry.Path,
            Size = entry.Size,
            Mode = (uint)(entry.Mode & Permissions),
            Permissions = Text(entry.Kind, entry.Mode),
            Owner = entry.Owner,
            Group = entry.Group,
            ModifiedTime = Timestamp.FromDateTimeOffset(entry.ModifiedAt),
        };
        if (entry.LinkTarget is { } target)
        {
            info.SymlinkTarget = target;
        }

        if (dialect.HasMetadata)
        {
            info.Metadata.Add(entry.Metadata.ToDictionary());
        }

        return info;
    }

    /// <param name="withEntry">Whether the client wants to know what is there now.</param>
    public static FilesystemEvent Of(FileEvent.Changed change, bool withEntry, DataPlaneDialect dialect)
    {
        var happened = new FilesystemEvent { Name = change.Name, Type = TypeOf(change.Change) };
        if (withEntry && dialect.HasMetadata && change.Entry is { } entry)
        {
            happened.Entry = Of(entry, dialect);
        }

        return happened;
    }

    /// <summary>As Go's os.FileMode spells it: <c>drwxr-xr-x</c>, <c>Lrwxrwxrwx</c>, <c>dtrwxrwxrwx</c>.</summary>
    internal static string Text(FileKind kind, int mode)
    {
        string letters = (kind, mode) switch
        {
            (FileKind.Directory, _) => "d",
            (FileKind.SymbolicLink, _) => "L",
            _ => "",
        };
        letters += (mode & Setuid) != 0 ? "u" : "";
        letters += (mode & Setgid) != 0 ? "g" : "";
        letters += (mode & Sticky) != 0 ? "t" : "";
        return string.Create(
            Math.Max(1, letters.Length) + 9,
            (letters, mode),
            static (text, parts) =>
            {
                text[0] = '-';
                parts.letters.CopyTo(text);
                for (int bit = 0; bit < 9; bit++)
                {
                    text[text.Length - 9 + bit] = (parts.mode & (1 << (8 - bit))) != 0 ? "rwx"[bit % 3] : '-';
                }
            });
    }

    private static FileType TypeOf(FileKind kind, DataPlaneDialect dialect) => kind switch
    {
        FileKind.File => FileType.File,
        FileKind.Directory => FileType.Directory,
        FileKind.SymbolicLink => dialect.HasSymlinks ? FileType.Symlink : FileType.File,
        FileKind.Other => FileType.Unspecified,
        _ => throw new ArgumentOutOfRangeException(nameof(kind), kind, "not a kind of file"),
    };

    private static EventType TypeOf(FileChange change) => change switch
    {
        FileChange.Created => EventType.Create,
        FileChange.Written => EventType.Write,
        FileChange.Removed => EventType.Remove,
        FileChange.Renamed => EventType.Rename,
        FileChange.ModeChanged => EventType.Chmod,
        _ => throw new ArgumentOutOfRangeException(nameof(change), change, "not a change of a file"),
    };
}
