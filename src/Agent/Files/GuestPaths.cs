using Atoll.Linux;
using Atoll.Protocol.Messages;

namespace Atoll.Agent.Files;

/// <summary>A path that was resolved against its user.</summary>
/// <param name="Text">Absolute, without empty parts, "." and "..".</param>
internal sealed record GuestPath(string Text, UserEntry User)
{
    public bool IsRoot => Text == "/";

    public KernelPath Kernel => new(Text);

    /// <summary>The directory above; the root is its own.</summary>
    public string Parent => Text.LastIndexOf('/') is > 0 and var slash ? Text[..slash] : "/";

    public string Name => Text[(Text.LastIndexOf('/') + 1)..];
}

/// <summary>Turns what the host asks about into paths, makes directories above, and tells what is at a path.</summary>
internal sealed class GuestPaths(GuestUsers users)
{
    private const uint DirectoryMode = 0x1ED; // 0755

    public GuestUsers Users => users;

    /// <exception cref="AgentErrorException">There is no such user.</exception>
    public GuestPath Resolve(PathOf path)
    {
        UserEntry user = users.Find(path.User);
        string text = path.Path;
        if (!text.StartsWith('/'))
        {
            string rest = text == "~" ? "" : text.StartsWith("~/", StringComparison.Ordinal) ? text[2..] : text;
            text = $"{(user.Home.Length == 0 ? "/root" : user.Home)}/{rest}";
        }

        return new GuestPath(Clean(text), user);
    }

    /// <summary>Takes "", "." and ".." out of the text of an absolute path.</summary>
    internal static string Clean(string path)
    {
        List<string> parts = [];
        foreach (string part in path.Split('/'))
        {
            switch (part)
            {
                case "" or ".":
                    break;
                case "..":
                    parts.RemoveRange(Math.Max(0, parts.Count - 1), Math.Min(1, parts.Count));
                    break;
                default:
                    parts.Add(part);
                    break;
            }
        }

        return "/" + string.Join('/', parts);
    }

    /// <summary>What the kernel knows of a path.</summary>
    /// <exception cref="AgentErrorException">It is not there, or cannot be reached.</exception>
    public static FileStatus Look(GuestPath path, bool follow)
    {
        FileErrors.Check(FileStatusCalls.Look(null, path.Kernel, follow, out FileStatus status), path.Text);
        return status;
    }

    /// <summary>Makes the directories of an absolute path that are missing; they belong to the user.</summary>
    public static void MakeDirectories(string path, UserEntry user)
    {
        var whole = new KernelPath(path);
        if (FileStatusCalls.Look(null, whole, follow: true, out FileStatus status) == Errno.None && status.IsDirectory)
        {
            return;
        }

        for (int end = path.IndexOf('/', 1); ; end = path.IndexOf('/', end + 1))
        {
            string upTo = end < 0 ? path : path[..end];
            Errno error = MakeDirectory(upTo, user);
            if (error is not (Errno.None or Errno.EEXIST))
            {
                throw FileErrors.Of(error, upTo);
            }

            if (end < 0)
            {
                break;
            }
        }
    }

    /// <summary>Makes one directory that belongs to the user.</summary>
    public static Errno MakeDirectory(string path, UserEntry user)
    {
        var kernel = new KernelPath(path);
        Errno error = PathCalls.MakeDirectory(null, kernel, DirectoryMode);
        return error == Errno.None ? PathCalls.ChangeOwner(null, kernel, user.Uid, user.Gid, follow: false) : error;
    }

    /// <summary>What is at a path, with its metadata.</summary>
    public FileStat Tell(GuestPath path, bool follow) => Tell(path, Look(path, follow));

    public FileStat Tell(GuestPath path, FileStatus status)
    {
        (Func<uint, string> userName, Func<uint, string> groupName) = users.Names();
        FileStat stat = Tell(path.Text, status, userName, groupName, null, path.Kernel);
        return status.IsRegular || status.IsDirectory ? stat with { Metadata = FileMetadata.Of(path.Kernel) } : stat;
    }

    /// <summary>What a list or a watch tells of a file: all but its metadata.</summary>
    /// <param name="directory">Where <paramref name="name"/> is, to read the target of a link.</param>
    public static FileStat Tell(
        string path, FileStatus status, Func<uint, string> userName, Func<uint, string> groupName, Descriptor? directory, KernelPath name) => new()
    {
        Path = path,
        Kind = status.Type switch
        {
            FileType.S_IFREG => WireFileKind.File,
            FileType.S_IFDIR => WireFileKind.Directory,
            FileType.S_IFLNK => WireFileKind.SymbolicLink,
            _ => WireFileKind.Other,
        },
        // Some file systems give directories no size; clients take 0 for nothing.
        Size = status is { IsDirectory: true, Size: 0 } ? 4096 : status.Size,
        Mode = status.Mode,
        Owner = userName(status.User),
        Group = groupName(status.Group),
        ModifiedNanoseconds = Nanoseconds(status),
        LinkTarget = status.IsLink ? PathCalls.ReadLink(directory, name, out _)?.ToString() ?? "" : null,
    };

    private static long Nanoseconds(FileStatus status)
    {
        const long second = 1_000_000_000;
        return (Math.Clamp(status.ModifiedSeconds, long.MinValue / second + 1, (long.MaxValue / second) - 1) * second) + status.ModifiedNanoseconds;
    }
}
