using System.Runtime.CompilerServices;
using Atoll.Domain;
using Atoll.Domain.Files;

namespace Atoll.Node.Runtimes.Simulated;

/// <summary>
/// The files of a simulated sandbox, in memory and bounded. Users root and user; nobody is refused anything. A write is
/// collected beside the file that it replaces, so both count until it is done, as on a disk.
/// </summary>
internal sealed class SimulatedFiles : ISandboxFiles
{
    /// <summary>Bytes of one sandbox's disk; every entry counts <see cref="SimulatedInode.Overhead"/> beside its content.</summary>
    public const long Capacity = 64 * 1024 * 1024;

    private const int PermissionBits = 0xFFF;
    private const int MostSources = 1000;
    private readonly Lock _lock = new();
    private readonly SimulatedWatches _watches = new();
    private readonly SimulatedTree _tree;
    private readonly TimeProvider _time;
    private readonly long _capacity;
    private volatile FaultException? _ended;
    private long _pending;

    public SimulatedFiles(TimeProvider time, long capacity = Capacity)
    {
        _time = time;
        _capacity = capacity;
        _tree = new SimulatedTree(capacity, time, _watches);
        foreach ((string path, string owner) in new[] { ("/tmp", "root"), ("/root", "root"), ("/home/user", "user"), ("/workspace", "root"), ("/etc", "root") })
        {
            SimulatedUser user = SimulatedUser.Find(owner);
            _tree.MakeDirectory(_tree.Walk(path, follow: true, SimulatedUser.Find("root")), user);
        }
    }

    /// <summary>The same files on a disk of their own; nobody watches those.</summary>
    public SimulatedFiles Copy()
    {
        var copy = new SimulatedFiles(_time, _capacity);
        lock (_lock)
        {
            copy._tree.Fill(_tree);
        }

        return copy;
    }

    /// <summary>Bytes that are taken.</summary>
    public long Used
    {
        get
        {
            lock (_lock)
            {
                return _tree.Used;
            }
        }
    }

    public Task<FileEntry> StatAsync(FilePath path, CancellationToken cancellation) =>
        Do(path, at => _tree.Existing(at, follow: false).Node.Entry(at, metadata: true));

    public async IAsyncEnumerable<FileEntry> ListAsync(FilePath path, int depth, [EnumeratorCancellation] CancellationToken cancellation)
    {
        List<FileEntry> found = await Do(path, at =>
        {
            (_, SimulatedInode directory) = _tree.Existing(at, follow: true);
            if (directory.Kind is not FileKind.Directory)
            {
                throw SimulatedTree.NotADirectory(at);
            }

            List<FileEntry> entries = [];
            Collect(directory, at == "/" ? "" : at, Math.Max(depth, 1), entries);
            return entries;
        });
        foreach (FileEntry entry in found)
        {
            cancellation.ThrowIfCancellationRequested();
            yield return entry;
        }
    }

    public Task<FileReading> ReadAsync(FilePath path, long offset, long? length, CancellationToken cancellation) => Do(path, at =>
    {
        SimulatedInode file = RegularFile(at);
        long from = Math.Min(offset, file.Content.Length);
        ReadOnlyMemory<byte> wanted = file.Content.Slice((int)from, (int)Math.Min(length ?? long.MaxValue, file.Content.Length - from));
        return new FileReading(file.Entry(at, metadata: true), new MemoryStream(wanted.ToArray(), writable: false));
    });

    public async Task<FileEntry> WriteAsync(FilePath path, FileWriting options, Stream content, CancellationToken cancellation)
    {
        await Do(path, at => Writable(_tree.Walk(at, follow: true, SimulatedUser.Find(path.User)), at));
        using var collected = new MemoryStream();
        try
        {
            byte[] buffer = new byte[64 * 1024];
            for (int read; (read = await content.ReadAsync(buffer, cancellation)) > 0;)
            {
                Reserve(read);
                collected.Write(buffer, 0, read);
            }
        }
        finally
        {
            Reserve(-collected.Length);
        }

        return await Do(path, at => Replace(at, SimulatedUser.Find(path.User), options, collected.ToArray()));
    }

    public Task<FileEntry> MakeDirectoryAsync(FilePath path, CancellationToken cancellation) => Do(path, at =>
    {
        SimulatedUser user = SimulatedUser.Find(path.User);
        SimulatedTree.Place place = _tree.Walk(at, follow: false, user);
        return place.Node is null
            ? _tree.MakeDirectory(place, user).Entry(at)
            : throw new Fault(
                FaultCode.AlreadyExists, $"{(place.Node.Kind is FileKind.Directory ? "directory" : "file")} already exists: {at}", "path").AsException();
    });

    public Task<FileEntry> MoveAsync(FilePath source, FilePath destination, CancellationToken cancellation) => Do(source, from =>
    {
        string to = SimulatedTree.Absolute(destination);
        (SimulatedTree.Place old, SimulatedInode node) = _tree.Existing(from, follow: false);
        SimulatedTree.Place place = _tree.Walk(to, follow: false, SimulatedUser.Find(destination.User));
        if (place.Path == old.Path)
        {
            return node.Entry(to);
        }

        Replaceable(old, place, to);
        _tree.Take(old);
        _tree.Put(place, node);
        _watches.Tell(old.Path, FileChange.Renamed, null);
        _watches.Tell(place.Path, FileChange.Created, node);
        return node.Entry(to);
    });

    public Task RemoveAsync(FilePath path, CancellationToken cancellation) => Do(path, at =>
    {
        SimulatedTree.Place place;
        try
        {
            place = _tree.Walk(at, follow: false);
        }
        catch (FaultException e) when (e.Fault.Code is FaultCode.NotFound)
        {
            return true;
        }

        if (place.Parent is null)
        {
            throw Fault.Invalid("path", "the root directory cannot be removed").AsException();
        }

        if (place.Node is not null)
        {
            _tree.Take(place);
            _watches.Tell(place.Path, FileChange.Removed, null);
        }

        return true;
    });

    public Task<FileEntry> SetModeAsync(FilePath path, int mode, CancellationToken cancellation) =>
        Change(path, node => node.Mode = mode & PermissionBits);

    public Task<FileEntry> SetOwnerAsync(FilePath path, string owner, CancellationToken cancellation)
    {
        int id = SimulatedUser.Find(owner).Id;
        return Change(path, node => node.Owner = id);
    }

    public async Task<FileEntry> ComposeAsync(IReadOnlyList<FilePath> sources, FilePath destination, CancellationToken cancellation)
    {
        if (sources.Count is < 1 or > MostSources)
        {
            throw Fault.Invalid("source_paths", $"between 1 and {MostSources} sources are needed").AsException();
        }

        using var whole = new MemoryStream();
        foreach (FilePath source in sources)
        {
            ReadOnlyMemory<byte> content = await Do(source, at => RegularFile(at).Content);
            if (content.Length > _capacity - whole.Length)
            {
                throw SimulatedTree.Full();
            }

            whole.Write(content.Span);
        }

        whole.Position = 0;
        FileEntry made = await WriteAsync(destination, new FileWriting(), whole, cancellation);
        foreach (FilePath source in sources.Where(source => SimulatedTree.Absolute(source) != made.Path))
        {
            await RemoveAsync(source, cancellation);
        }

        return made;
    }

    public async IAsyncEnumerable<FileEvent> WatchAsync(FilePath path, bool recursive, [EnumeratorCancellation] CancellationToken cancellation)
    {
        SimulatedWatches.Watch watch = await Do(path, at =>
        {
            (SimulatedTree.Place place, SimulatedInode node) = _tree.Existing(at, follow: true);
            return node.Kind is FileKind.Directory ? _watches.Open(place.Path, recursive) : throw SimulatedTree.NotADirectory(at);
        });
        try
        {
            yield return new FileEvent.Watching();
            await foreach (FileEvent happened in watch.ReadAsync(cancellation))
            {
                yield return happened;
            }
        }
        finally
        {
            _watches.Close(watch);
        }
    }

    /// <summary>Makes a symbolic link: what no client can ask for, and programs in a sandbox do.</summary>
    public void Link(string path, string target) => Make(path, new SimulatedInode(FileKind.SymbolicLink, 0, 0x1FF, _time.GetUtcNow()) { Target = target });

    /// <summary>Makes a FIFO.</summary>
    public void Fifo(string path) => Make(path, new SimulatedInode(FileKind.Other, 0, 0x1A4, _time.GetUtcNow()));

    /// <summary>Every later call fails with this, and watches end with it.</summary>
    public void Close(FaultException why)
    {
        _ended = why;
        _watches.End(why);
    }

    private static void Collect(SimulatedInode directory, string path, int depth, List<FileEntry> entries)
    {
        foreach ((string name, SimulatedInode child) in directory.Children)
        {
            entries.Add(child.Entry($"{path}/{name}"));
            if (depth > 1)
            {
                Collect(child, $"{path}/{name}", depth - 1, entries);
            }
        }
    }

    private static bool Writable(SimulatedTree.Place place, string at) => (place.Node?.Kind ?? (place.Parent is null ? FileKind.Directory : FileKind.File)) switch
    {
        FileKind.Directory => throw SimulatedTree.IsADirectory(at),
        FileKind.File => true,
        _ => throw NotRegular(at),
    };

    private static void Replaceable(SimulatedTree.Place old, SimulatedTree.Place place, string to)
    {
        if (old.Parent is null || place.Path.StartsWith(old.Path + "/", StringComparison.Ordinal))
        {
            throw Fault.Invalid("destination", $"a directory cannot be moved into itself: {to}").AsException();
        }

        bool directory = old.Node!.Kind is FileKind.Directory;
        switch (place.Node)
        {
            case { Kind: FileKind.Directory } when !directory:
                throw SimulatedTree.IsADirectory(to);
            case { Kind: FileKind.Directory, Children.Count: > 0 }:
                throw new Fault(FaultCode.AlreadyExists, $"directory already exists and is not empty: {to}", "destination").AsException();
            case { Kind: not FileKind.Directory } when directory:
                throw SimulatedTree.NotADirectory(to);
        }
    }

    private static FaultException NotRegular(string at) => Fault.Invalid("path", $"not a regular file: {at}").AsException();

    private FileEntry Replace(string at, SimulatedUser user, FileWriting options, byte[] content)
    {
        SimulatedTree.Place place = _tree.Walk(at, follow: true, user);
        Writable(place, at);
        SimulatedInode file;
        if (place.Node is null)
        {
            file = new SimulatedInode(FileKind.File, user.Id, options.Mode & PermissionBits, _time.GetUtcNow()) { Content = content };
            _tree.Put(place, file);
            _watches.Tell(place.Path, FileChange.Created, file);
        }
        else
        {
            file = place.Node;
            _tree.SetContent(file, content);
        }

        file.Metadata = options.Metadata ?? file.Metadata;
        _watches.Tell(place.Path, FileChange.Written, file);
        return file.Entry(at, metadata: true);
    }

    private SimulatedInode RegularFile(string at) => _tree.Existing(at, follow: true).Node switch
    {
        { Kind: FileKind.File } file => file,
        { Kind: FileKind.Directory } => throw SimulatedTree.IsADirectory(at),
        _ => throw NotRegular(at),
    };

    private Task<FileEntry> Change(FilePath path, Action<SimulatedInode> change) => Do(path, at =>
    {
        (SimulatedTree.Place place, SimulatedInode node) = _tree.Existing(at, follow: true);
        change(node);
        _watches.Tell(place.Path, FileChange.ModeChanged, node);
        return node.Entry(at, metadata: true);
    });

    private void Make(string path, SimulatedInode node)
    {
        lock (_lock)
        {
            SimulatedTree.Place place = _tree.Walk(path, follow: false);
            _tree.Put(place, node);
            _watches.Tell(place.Path, FileChange.Created, node);
        }
    }

    // What is being written counts before it is there: many slow writers must not pass the bound together.
    private void Reserve(long bytes)
    {
        lock (_lock)
        {
            if (bytes > 0 && bytes > _tree.Room - _pending)
            {
                throw SimulatedTree.Full();
            }

            _pending += bytes;
        }
    }

    /// <summary>Does something with a path, undisturbed; failures come out of the task.</summary>
    private Task<T> Do<T>(FilePath path, Func<string, T> action)
    {
        try
        {
            lock (_lock)
            {
                return _ended is { } why ? Task.FromException<T>(why) : Task.FromResult(action(SimulatedTree.Absolute(path)));
            }
        }
        catch (FaultException e)
        {
            return Task.FromException<T>(e);
        }
    }
}
