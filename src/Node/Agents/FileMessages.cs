using System.Text;
using Atoll.Domain;
using Atoll.Domain.Files;
using Atoll.Protocol;
using Atoll.Protocol.Messages;

namespace Atoll.Node.Agents;

/// <summary>Translates between the domain's files and the agent's messages, and refuses what the wire would not take.</summary>
internal static class FileMessages
{
    private const int ModeBits = 0xFFF;

    public static PathOf ToWire(FilePath path)
    {
        Check(!path.Path.Contains('\0'), "path", "a path holds a NUL character");
        Check(Encoding.UTF8.GetByteCount(path.Path) <= ProtocolLimits.MaxPath, "path", $"a path has at most {ProtocolLimits.MaxPath} bytes");
        return new PathOf(path.Path, CheckedName(path.User, "user"));
    }

    public static WriteFile ToWire(FilePath path, FileWriting options)
    {
        if (options.Metadata is { } metadata)
        {
            Check(
                metadata.All(pair => pair.Key.Length > 0 && !pair.Key.Contains('\0') && !pair.Value.Contains('\0')), "metadata",
                "a name of metadata is empty, or it holds a NUL character");
            int size = metadata.Sum(pair => Encoding.UTF8.GetByteCount(pair.Key) + Encoding.UTF8.GetByteCount(pair.Value));
            Check(size <= ProtocolLimits.MaxMetadata, "metadata", $"metadata has at most {ProtocolLimits.MaxMetadata} bytes");
            Check(metadata.Count <= ProtocolLimits.MaxMetadata / 8, "metadata", $"metadata has at most {ProtocolLimits.MaxMetadata / 8} names");
        }

        return new WriteFile(ToWire(path), CheckedMode(options.Mode), options.Metadata);
    }

    public static ComposeFiles ToWire(IReadOnlyList<FilePath> sources, FilePath destination)
    {
        Check(sources.Count is > 0 and <= ProtocolLimits.MaxComposed, "source_paths", $"1 to {ProtocolLimits.MaxComposed} sources are possible");
        return new ComposeFiles(ToWire(destination), [.. sources.Select(ToWire)]);
    }

    public static uint CheckedMode(int mode)
    {
        Check((mode & ~ModeBits) == 0, "mode", "a mode is 0 to 07777");
        return (uint)mode;
    }

    /// <summary>A user, which the sandbox may or may not have.</summary>
    public static string CheckedName(string name, string field)
    {
        Check(
            name.Length > 0 && !name.Contains('\0') && Encoding.UTF8.GetByteCount(name) <= ProtocolLimits.MaxName, field,
            $"a user has 1 to {ProtocolLimits.MaxName} bytes without a NUL character");
        return name;
    }

    public static void CheckRange(long offset, long? length)
    {
        Check(offset >= 0, "offset", "an offset is not negative");
        Check(length is null or >= 0, "length", "a length is not negative");
    }

    public static FileEntry ToEntry(FileStat stat) => new()
    {
        Name = stat.Path[(stat.Path.LastIndexOf('/') + 1)..] is { Length: > 0 } name ? name : stat.Path,
        Path = stat.Path,
        Kind = stat.Kind switch
        {
            WireFileKind.File => FileKind.File,
            WireFileKind.Directory => FileKind.Directory,
            WireFileKind.SymbolicLink => FileKind.SymbolicLink,
            _ => FileKind.Other,
        },
        Size = Math.Max(-1, stat.Size),
        Mode = (int)(stat.Mode & ModeBits),
        Owner = stat.Owner,
        Group = stat.Group,
        // Every moment of the wire is one: 1677 to 2262.
        ModifiedAt = DateTimeOffset.UnixEpoch.AddTicks(stat.ModifiedNanoseconds / TimeSpan.NanosecondsPerTick),
        LinkTarget = stat.LinkTarget,
        Metadata = stat.Metadata,
    };

    public static FileEvent ToEvent(FileChanged changed) => changed.Change == WireFileChange.Overflowed
        ? new FileEvent.Overflowed()
        : new FileEvent.Changed(
            changed.Name,
            changed.Change switch
            {
                WireFileChange.Created => FileChange.Created,
                WireFileChange.Written => FileChange.Written,
                WireFileChange.Removed => FileChange.Removed,
                WireFileChange.Renamed => FileChange.Renamed,
                _ => FileChange.ModeChanged,
            },
            changed.Stat is null ? null : ToEntry(changed.Stat));

    private static void Check(bool condition, string field, string message)
    {
        if (!condition)
        {
            throw Fault.Invalid(field, message).AsException();
        }
    }
}
