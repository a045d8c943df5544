using System.Text;
using Atoll.Linux;
using Atoll.Protocol;
using Atoll.Protocol.Frames;
using Atoll.Protocol.Messages;

namespace Atoll.Agent.Files;

/// <summary>A directory that is watched, by its place in the tree: a move changes the place and nothing below.</summary>
internal sealed class WatchedDirectory(WatchedDirectory? parent, KernelPath name)
{
    public WatchedDirectory? Parent { get; set; } = parent;

    public KernelPath Name { get; set; } = name;

    /// <summary>The path of something in it, or of itself, from the top of the tree.</summary>
    public KernelPath PathOf(KernelPath inside)
    {
        List<byte> path = [.. inside.Bytes];
        for (WatchedDirectory at = this; at.Parent is not null; at = at.Parent)
        {
            path.InsertRange(0, path.Count == 0 ? at.Name.Bytes.ToArray() : [.. at.Name.Bytes, (byte)'/']);
        }

        return new KernelPath(path.ToArray());
    }

    public bool IsBelow(WatchedDirectory other)
    {
        for (WatchedDirectory? at = this; at is not null; at = at.Parent)
        {
            if (at == other)
            {
                return true;
            }
        }

        return false;
    }
}

/// <summary>
/// Turns the kernel's events of a directory, and of all below when that is wanted, into records of what happened. What
/// was made in a new directory before it could be watched is found by looking. Blocking; used by one thread at a time.
/// </summary>
internal sealed class WatchedTree(GuestPath top, bool isRecursive, GuestPaths paths, MessageWriter records) : IDisposable
{
    /// <summary>Directories that are watched by one request.</summary>
    public const int MaxDirectories = 8192;

    /// <summary>Bytes of records after which the rest is left to the kernel to keep.</summary>
    private const int Enough = 32 * 1024;

    /// <summary>Files that each of the lists below remembers; of others an event may be told twice, or as another kind.</summary>
    private const int MaxRemembered = 4096;

    private const InotifyMask Wanted = InotifyMask.IN_CREATE | InotifyMask.IN_MODIFY | InotifyMask.IN_CLOSE_WRITE | InotifyMask.IN_ATTRIB
        | InotifyMask.IN_DELETE | InotifyMask.IN_MOVED_FROM | InotifyMask.IN_MOVED_TO | InotifyMask.IN_ONLYDIR | InotifyMask.IN_EXCL_UNLINK;

    private readonly Inotify _inotify = new();
    private readonly Dictionary<int, WatchedDirectory> _directories = [];
    private readonly HashSet<(int, string)> _modified = [];
    private readonly HashSet<(int, string)> _found = [];
    private readonly Dictionary<uint, WatchedDirectory?> _leaving = [];
    private (uint Cookie, bool IsNew)? _replacing;
    private (WireFileChange Change, string Name) _last;
    private bool _drops;
    private bool _lost;
    private bool _isLossTold;

    public Descriptor Descriptor => _inotify.Descriptor;

    /// <summary>Whether more is known than was told: <see cref="Read"/> need not wait for the descriptor.</summary>
    public bool HasMore => _inotify.HasMore;

    /// <summary>The directory itself is gone.</summary>
    public bool IsOver { get; private set; }

    /// <summary>Begins to watch.</summary>
    public void Open()
    {
        var root = new WatchedDirectory(null, new KernelPath(""));
        Errno error = Watch(root, OpenFlags.O_RDONLY);
        FileErrors.Check(error, top.Text);
        Report();
    }

    /// <summary>Turns the events that are there into records.</summary>
    /// <param name="drops">Drops them instead and remembers that.</param>
    public void Read(bool drops)
    {
        _drops = drops;
        _isLossTold &= !records.IsEmpty;
        _last = default;
        while (!IsOver && (drops || records.Length - records.Consumed < Enough))
        {
            if (_inotify.Next() is not { } happened)
            {
                Settle();
                break;
            }

            Take(happened);
        }

        Report();
    }

    public void Dispose() => _inotify.Dispose();

    private void Take(InotifyEvent happened)
    {
        if (happened.Mask.HasFlag(InotifyMask.IN_Q_OVERFLOW))
        {
            _lost = true;
            Recover();
        }
        else if (_directories.TryGetValue(happened.Watch, out WatchedDirectory? directory))
        {
            if (happened.Mask.HasFlag(InotifyMask.IN_IGNORED))
            {
                _directories.Remove(happened.Watch);
                IsOver = directory.Parent is null;
            }
            else if (happened.Name.Bytes.Length > 0)
            {
                Take(happened, directory);
            }
        }
    }

    private void Take(InotifyEvent happened, WatchedDirectory directory)
    {
        (int, string) key = (happened.Watch, happened.Name.ToString());
        if (Replacement.IsTemporary(happened.Name.Bytes, out bool isNew))
        {
            _replacing = happened.Mask.HasFlag(InotifyMask.IN_MOVED_FROM) ? (happened.Cookie, isNew) : _replacing;
            return;
        }

        switch (happened.Mask & ~InotifyMask.IN_ISDIR)
        {
            case InotifyMask.IN_CREATE when _found.Remove(key):
                break;
            case InotifyMask.IN_CREATE:
                Appear(happened, directory, WireFileChange.Created);
                break;
            case InotifyMask.IN_MODIFY:
                Remember(key, _modified);
                Tell(WireFileChange.Written, directory, happened.Name);
                break;
            case InotifyMask.IN_CLOSE_WRITE when _modified.Remove(key):
                break;
            case InotifyMask.IN_CLOSE_WRITE:
                Tell(WireFileChange.Written, directory, happened.Name);
                break;
            case InotifyMask.IN_ATTRIB:
                Tell(WireFileChange.ModeChanged, directory, happened.Name);
                break;
            case InotifyMask.IN_DELETE:
                Tell(WireFileChange.Removed, directory, happened.Name);
                break;
            case InotifyMask.IN_MOVED_FROM:
                if (_leaving.Count < MaxRemembered)
                {
                    _leaving[happened.Cookie] = Child(directory, happened.Name);
                }

                Tell(WireFileChange.Renamed, directory, happened.Name);
                break;
            case InotifyMask.IN_MOVED_TO:
                Arrive(happened, directory);
                break;
        }
    }

    private void Arrive(InotifyEvent happened, WatchedDirectory directory)
    {
        if (_replacing is { } replacing && replacing.Cookie == happened.Cookie)
        {
            _replacing = null;
            if (replacing.IsNew)
            {
                Appear(happened, directory, WireFileChange.Created);
            }

            if (!happened.Mask.HasFlag(InotifyMask.IN_ISDIR))
            {
                Tell(WireFileChange.Written, directory, happened.Name);
            }
        }
        else if (_leaving.Remove(happened.Cookie, out WatchedDirectory? moved))
        {
            if (moved is not null)
            {
                (moved.Parent, moved.Name) = (directory, happened.Name);
            }

            Tell(WireFileChange.Renamed, directory, happened.Name);
        }
        else
        {
            Appear(happened, directory, WireFileChange.Created);
        }
    }

    private void Appear(InotifyEvent happened, WatchedDirectory directory, WireFileChange change)
    {
        Tell(change, directory, happened.Name);
        if (isRecursive && happened.Mask.HasFlag(InotifyMask.IN_ISDIR))
        {
            Watch(new WatchedDirectory(directory, happened.Name), OpenFlags.O_NOFOLLOW, tells: true);
        }
    }

    // Nothing more is queued: who left and did not arrive is outside, and what was found by looking has been told.
    private void Settle()
    {
        foreach (WatchedDirectory gone in _leaving.Values.OfType<WatchedDirectory>())
        {
            foreach (int watch in _directories.Where(pair => pair.Value.IsBelow(gone)).Select(pair => pair.Key).ToArray())
            {
                _inotify.Remove(watch);
                _directories.Remove(watch);
            }
        }

        _leaving.Clear();
        _found.Clear();
        if (_modified.Count >= MaxRemembered)
        {
            _modified.Clear();
        }
    }

    private static void Remember((int, string) key, HashSet<(int, string)> among)
    {
        if (among.Count < MaxRemembered)
        {
            among.Add(key);
        }
    }

    // Directories may have come and gone unseen.
    private void Recover()
    {
        _found.Clear();
        _leaving.Clear();
        Watch(new WatchedDirectory(null, new KernelPath("")), OpenFlags.O_RDONLY);
    }

    private WatchedDirectory? Child(WatchedDirectory parent, KernelPath name) =>
        _directories.Values.FirstOrDefault(directory => directory.Parent == parent && directory.Name.Bytes.SequenceEqual(name.Bytes));

    /// <summary>Watches a directory, and all below when that is wanted.</summary>
    /// <param name="tells">Tells of what is found in it as made just now.</param>
    /// <returns>Why the directory itself is not watched.</returns>
    private Errno Watch(WatchedDirectory first, OpenFlags flags, bool tells = false)
    {
        var todo = new Stack<WatchedDirectory>([first]);
        Errno result = Errno.None;
        while (todo.TryPop(out WatchedDirectory? directory))
        {
            Errno error = WatchOne(directory, directory == first ? flags : OpenFlags.O_NOFOLLOW, tells, todo);
            result = directory == first ? error : result;
        }

        return result;
    }

    private Errno WatchOne(WatchedDirectory directory, OpenFlags flags, bool tells, Stack<WatchedDirectory> todo)
    {
        if (_directories.Count >= MaxDirectories)
        {
            _lost = true;
            return Errno.None;
        }

        Descriptor? open = PathCalls.Open(
            null, Absolute(directory.PathOf(new KernelPath(""))), OpenFlags.O_RDONLY | OpenFlags.O_DIRECTORY | flags, 0, out Errno error);
        if (open is null)
        {
            return error;
        }

        using var reader = new DirectoryReader(open);
        int watch = _inotify.Add(open, Wanted, out error);
        if (watch < 0)
        {
            // ENOSPC is the kernel's word for too many watches.
            _lost |= error is Errno.ENOSPC or Errno.ENOMEM;
            return error;
        }

        _directories[watch] = directory;
        while (isRecursive && reader.Next() is { } name)
        {
            LookAt(directory, watch, reader.Directory, name, tells, todo);
        }

        return Errno.None;
    }

    private void LookAt(
        WatchedDirectory directory, int watch, Descriptor open, KernelPath name, bool tells, Stack<WatchedDirectory> todo)
    {
        if (Replacement.IsTemporary(name.Bytes, out _) || FileStatusCalls.Look(open, name, follow: false, out FileStatus status) != Errno.None)
        {
            return;
        }

        if (tells)
        {
            Remember((watch, name.ToString()), _found);
            Tell(WireFileChange.Created, directory, name);
        }

        if (status.IsDirectory && todo.Count < MaxDirectories)
        {
            todo.Push(new WatchedDirectory(directory, name));
        }
    }

    private void Tell(WireFileChange change, WatchedDirectory directory, KernelPath name)
    {
        KernelPath path = directory.PathOf(name);
        string told = path.ToString();
        if (_drops || records.Length - records.Consumed > 2 * Enough || Encoding.UTF8.GetByteCount(told) + top.Text.Length >= ProtocolLimits.MaxPath)
        {
            _lost = true;
            return;
        }

        if (_last == (change, told) && change is (WireFileChange.Written or WireFileChange.ModeChanged))
        {
            return;
        }

        _last = (change, told);
        new FileChanged(change, told, Look(path, told)).WriteRecord(records);
    }

    private FileStat? Look(KernelPath path, string told)
    {
        KernelPath absolute = Absolute(path);
        if (FileStatusCalls.Look(null, absolute, follow: false, out FileStatus status) != Errno.None)
        {
            return null;
        }

        (Func<uint, string> userName, Func<uint, string> groupName) = paths.Users.Names();
        return GuestPaths.Tell($"{top.Text.TrimEnd('/')}/{told}", status, userName, groupName, null, absolute);
    }

    private KernelPath Absolute(KernelPath path) => new([.. Encoding.UTF8.GetBytes(top.IsRoot ? "/" : top.Text + "/"), .. path.Bytes]);

    private void Report()
    {
        if (_lost && !_isLossTold)
        {
            _isLossTold = true;
            new FileChanged(WireFileChange.Overflowed, "", null).WriteRecord(records);
        }

        _lost = false;
    }
}
