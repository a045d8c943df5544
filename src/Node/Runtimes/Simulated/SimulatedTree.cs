using System.Text;
using Atoll.Domain;
using Atoll.Domain.Files;

namespace Atoll.Node.Runtimes.Simulated;

/// <summary>
/// The directory tree of a simulated sandbox, walked as a kernel walks it: links are followed, <c>..</c> ends at the root.
/// Not safe for concurrent use: <see cref="SimulatedFiles"/> locks.
/// </summary>
internal sealed class SimulatedTree(long capacity, TimeProvider time, SimulatedWatches watches)
{
    private const int MostLinks = 40;
    private const int LongestPath = 4095;
    private const int DirectoryMode = 0x1ED; // 0755

    /// <summary>Where a walk came to.</summary>
    /// <param name="Parent">The directory that holds it or would hold it; null of the root.</param>
    /// <param name="Name">Its name there.</param>
    /// <param name="Path">Where it really is, free of links.</param>
    /// <param name="Node">What is there; null when nothing is.</param>
    public sealed record Place(SimulatedInode? Parent, string Name, string Path, SimulatedInode? Node);

    private SimulatedInode _root = new(FileKind.Directory, owner: 0, DirectoryMode, time.GetUtcNow());
    private long _used;

    /// <summary>Takes over all that another tree holds.</summary>
    public void Fill(SimulatedTree other) => (_root, _used) = (other._root.Copy(), other._used);

    /// <summary>Makes a path absolute for its user, as it was asked for: links stay in it.</summary>
    public static string Absolute(FilePath path)
    {
        SimulatedUser user = SimulatedUser.Find(path.User);
        string text = path.Path;
        if (text.Contains('\0') || Encoding.UTF8.GetByteCount(text) > LongestPath || text.Length == 0)
        {
            throw Fault.Invalid("path", $"path must have 1 to {LongestPath} bytes and no NUL").AsException();
        }

        string full = text[0] == '/' ? text
            : text == "~" ? user.Home
            : text.StartsWith("~/", StringComparison.Ordinal) ? user.Home + text[1..]
            : $"{user.Home}/{text}";
        List<string> parts = [];
        foreach (string part in Parts(full))
        {
            if (part != "..")
            {
                parts.Add(part);
            }
            else if (parts.Count > 0)
            {
                parts.RemoveAt(parts.Count - 1);
            }
        }

        return "/" + string.Join('/', parts);
    }

    /// <summary>Walks to a path whose last part need not be there.</summary>
    /// <param name="makeFor">Makes the directories above it that are missing, for this user.</param>
    public Place Walk(string path, bool follow, SimulatedUser? makeFor = null)
    {
        var pending = new Stack<string>(Parts(path).Reverse());
        List<(string Name, SimulatedInode Node)> at = [("", _root)];
        int links = 0;
        while (pending.TryPop(out string? part))
        {
            SimulatedInode here = at[^1].Node;
            if (here.Kind is not FileKind.Directory)
            {
                throw NotADirectory(path);
            }

            if (part == "..")
            {
                if (at.Count > 1)
                {
                    at.RemoveAt(at.Count - 1);
                }

                continue;
            }

            SimulatedInode? child = here.Children.GetValueOrDefault(part);
            if (child is null && pending.Count == 0)
            {
                return new Place(here, part, PathOf(at, part), null);
            }

            child ??= makeFor is { } user ? MakeDirectory(new Place(here, part, PathOf(at, part), null), user) : throw Missing(path);
            if (child.Kind is not FileKind.SymbolicLink || (pending.Count == 0 && !follow))
            {
                at.Add((part, child));
                continue;
            }

            if (++links > MostLinks)
            {
                throw Fault.Invalid("path", $"too many levels of symbolic links: {path}").AsException();
            }

            at.RemoveRange(1, child.Target!.StartsWith('/') ? at.Count - 1 : 0);
            foreach (string next in Parts(child.Target).Reverse())
            {
                pending.Push(next);
            }
        }

        return new Place(at.Count > 1 ? at[^2].Node : null, at[^1].Name, at.Count > 1 ? PathOf(at[..^1], at[^1].Name) : "/", at[^1].Node);
    }

    /// <summary>Walks to what must be there.</summary>
    public (Place Place, SimulatedInode Node) Existing(string path, bool follow)
    {
        Place place = Walk(path, follow);
        return (place, place.Node ?? throw Missing(path));
    }

    public SimulatedInode MakeDirectory(Place place, SimulatedUser user)
    {
        var made = new SimulatedInode(FileKind.Directory, user.Id, DirectoryMode, time.GetUtcNow());
        Put(place, made);
        watches.Tell(place.Path, FileChange.Created, made);
        return made;
    }

    /// <summary>Puts something where nothing is, or in place of what is there.</summary>
    public void Put(Place place, SimulatedInode node)
    {
        Charge(node.Cost - (place.Node?.Cost ?? 0));
        place.Parent!.Children[place.Name] = node;
        place.Parent.ModifiedAt = time.GetUtcNow();
    }

    public void Take(Place place)
    {
        _used -= place.Node!.Cost;
        place.Parent!.Children.Remove(place.Name);
        place.Parent.ModifiedAt = time.GetUtcNow();
    }

    public void SetContent(SimulatedInode file, ReadOnlyMemory<byte> content)
    {
        Charge((long)content.Length - file.Content.Length);
        file.Content = content;
        file.ModifiedAt = time.GetUtcNow();
    }

    /// <summary>Bytes that are left.</summary>
    public long Room => capacity - _used;

    public long Used => _used;

    public static FaultException Full() => new Fault(FaultCode.NoSpace, "no space left on the sandbox's disk: remove something first").AsException();

    public static FaultException Missing(string path) =>
        new Fault(FaultCode.NotFound, $"path not found: stat {path}: no such file or directory", "path").AsException();

    public static FaultException NotADirectory(string path) => new Fault(FaultCode.NotADirectory, $"not a directory: {path}", "path").AsException();

    public static FaultException IsADirectory(string path) => new Fault(FaultCode.IsADirectory, $"is a directory: {path}", "path").AsException();

    private void Charge(long bytes)
    {
        if (bytes > 0 && bytes > Room)
        {
            throw Full();
        }

        _used += bytes;
    }

    private static IEnumerable<string> Parts(string path) =>
        path.Split('/', StringSplitOptions.RemoveEmptyEntries).Where(part => part != ".");

    private static string PathOf(IEnumerable<(string Name, SimulatedInode Node)> above, string name) =>
        string.Concat(above.Skip(1).Select(part => "/" + part.Name)) + "/" + name;
}
