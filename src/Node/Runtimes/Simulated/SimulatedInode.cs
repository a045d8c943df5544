using Atoll.Domain.Files;

namespace Atoll.Node.Runtimes.Simulated;

/// <summary>One file, directory, link or special file of a simulated sandbox, without its name.</summary>
internal sealed class SimulatedInode(FileKind kind, int owner, int mode, DateTimeOffset now)
{
    /// <summary>What an entry is counted as beside its content.</summary>
    public const int Overhead = 256;

    private const int DirectorySize = 4096;

    public FileKind Kind => kind;

    /// <summary>By name; of a directory only.</summary>
    public SortedDictionary<string, SimulatedInode> Children { get; } = new(StringComparer.Ordinal);

    /// <summary>Never written in place: a reader keeps what it opened.</summary>
    public ReadOnlyMemory<byte> Content { get; set; }

    public string? Target { get; init; }

    public int Owner { get; set; } = owner;

    public int Mode { get; set; } = mode;

    public DateTimeOffset ModifiedAt { get; set; } = now;

    public IReadOnlyDictionary<string, string> Metadata { get; set; } = new Dictionary<string, string>();

    /// <summary>Bytes that this entry and all below it take of the sandbox's disk.</summary>
    public long Cost => Overhead + Content.Length + Children.Values.Sum(child => child.Cost);

    /// <summary>The same entry with all below it.</summary>
    public SimulatedInode Copy()
    {
        var copy = new SimulatedInode(kind, Owner, Mode, ModifiedAt) { Target = Target, Content = Content, Metadata = Metadata };
        foreach ((string name, SimulatedInode child) in Children)
        {
            copy.Children[name] = child.Copy();
        }

        return copy;
    }

    public FileEntry Entry(string path, bool metadata = false) => new()
    {
        Name = path[(path.LastIndexOf('/') + 1)..],
        Path = path,
        Kind = kind,
        Size = kind switch
        {
            FileKind.Directory => DirectorySize,
            FileKind.SymbolicLink => Target!.Length,
            _ => Content.Length,
        },
        Mode = Mode,
        Owner = SimulatedUser.NameOf(Owner),
        Group = SimulatedUser.NameOf(Owner),
        ModifiedAt = ModifiedAt,
        LinkTarget = Target,
        Metadata = metadata ? Metadata : new Dictionary<string, string>(),
    };
}
