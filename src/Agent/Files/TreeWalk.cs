using Atoll.Linux;

namespace Atoll.Agent.Files;

/// <summary>Goes through what is below a directory, parents before children, in bounded memory and without following links.</summary>
internal sealed class TreeWalk : IDisposable
{
    /// <summary>Levels below the directory; what lies deeper is left out. Each costs a descriptor and a buffer.</summary>
    public const int MaxDepth = 128;

    private readonly Stack<(DirectoryReader Reader, string Path)> _open = new();
    private readonly int _depth;

    /// <param name="top">Open for reading; belongs to the walk.</param>
    /// <param name="depth">Levels below it, at least 1.</param>
    public TreeWalk(Descriptor top, uint depth)
    {
        _depth = (int)Math.Min(depth, MaxDepth);
        _open.Push((new DirectoryReader(top), ""));
    }

    /// <summary>The next one that is still there: its path from the top, what it is, and where.</summary>
    public (string Path, FileStatus Status, Descriptor Directory, KernelPath Name)? Next()
    {
        while (_open.TryPeek(out (DirectoryReader Reader, string Path) current))
        {
            if (current.Reader.Next() is not { } name)
            {
                _open.Pop().Reader.Dispose();
                continue;
            }

            Descriptor directory = current.Reader.Directory;
            if (FileStatusCalls.Look(directory, name, follow: false, out FileStatus status) != Errno.None)
            {
                continue;
            }

            string path = current.Path.Length == 0 ? name.ToString() : $"{current.Path}/{name}";
            if (status.IsDirectory && _open.Count < _depth)
            {
                Enter(directory, name, path);
            }

            return (path, status, directory, name);
        }

        return null;
    }

    public void Dispose()
    {
        while (_open.TryPop(out (DirectoryReader Reader, string Path) left))
        {
            left.Reader.Dispose();
        }
    }

    private void Enter(Descriptor directory, KernelPath name, string path)
    {
        const OpenFlags flags = OpenFlags.O_RDONLY | OpenFlags.O_DIRECTORY | OpenFlags.O_NOFOLLOW;
        Descriptor? entered = PathCalls.Open(directory, name, flags, 0, out Errno error);
        if (entered is not null)
        {
            _open.Push((new DirectoryReader(entered), path));
        }
        else if (error is Errno.EMFILE or Errno.ENFILE or Errno.ENOMEM)
        {
            throw FileErrors.Of(error, path);
        }
    }
}
