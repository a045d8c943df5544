using Atoll.Linux;

namespace Atoll.Agent.Files;

/// <summary>
/// Removes a file, or a directory with all that is in it. Every name is looked up in a directory that is open, and
/// links are not followed, so that nobody who moves things about meanwhile can lead it elsewhere.
/// </summary>
internal sealed class TreeRemoval(string path, Func<bool> isGivenUp)
{
    /// <summary>Directories open at a time: what lies deeper is moved up first.</summary>
    private const int MaxOpen = 64;

    /// <summary>How often a directory is looked through again in which something appears all the time.</summary>
    private const int MaxRounds = 100;

    private readonly Stack<(DirectoryReader Reader, KernelPath Name)> _open = new();
    private int _moved;

    /// <summary>What is not there is removed already.</summary>
    public static void Remove(GuestPath path, Func<bool> isGivenUp)
    {
        if (path.IsRoot)
        {
            throw FileErrors.Invalid("the root directory cannot be removed");
        }

        new TreeRemoval(path.Text, isGivenUp).Remove(null, path.Kernel);
    }

    private void Remove(Descriptor? directory, KernelPath name)
    {
        for (int round = 0; round < MaxRounds; round++)
        {
            Errno error = RemoveOne(directory, name);
            if (error is Errno.None or Errno.ENOENT or Errno.ENOTDIR)
            {
                return;
            }

            if (error is not (Errno.ENOTEMPTY or Errno.EEXIST))
            {
                throw FileErrors.Of(error, path);
            }

            Empty(directory, name);
        }

        throw FileErrors.Of(Errno.ENOTEMPTY, path);
    }

    /// <summary>Removes what is not a directory, and a directory that is empty.</summary>
    private static Errno RemoveOne(Descriptor? directory, KernelPath name)
    {
        Errno error = PathCalls.RemoveFile(directory, name);
        return error is Errno.EISDIR or Errno.EPERM ? PathCalls.RemoveDirectory(directory, name) : error;
    }

    private void Empty(Descriptor? directory, KernelPath name)
    {
        if (!TryEnter(directory, name))
        {
            return;
        }

        try
        {
            DirectoryReader top = _open.Peek().Reader;
            while (_open.TryPeek(out (DirectoryReader Reader, KernelPath Name) current))
            {
                if (isGivenUp())
                {
                    throw FileErrors.GivenUp();
                }

                if (current.Reader.Next() is { } next)
                {
                    RemoveIn(current.Reader.Directory, next, top.Directory);
                }
                else
                {
                    Leave();
                }
            }
        }
        finally
        {
            while (_open.TryPop(out (DirectoryReader Reader, KernelPath Name) left))
            {
                left.Reader.Dispose();
            }
        }
    }

    private void RemoveIn(Descriptor directory, KernelPath name, Descriptor top)
    {
        Errno error = RemoveOne(directory, name);
        if (error is Errno.ENOTEMPTY or Errno.EEXIST)
        {
            if (_open.Count < MaxOpen)
            {
                TryEnter(directory, name);
                return;
            }

            // Found again when the top is looked through once more.
            error = PathCalls.Rename(directory, name, top, new KernelPath($".{Random.Shared.NextInt64():x16}.{_moved++}"));
        }

        if (error is not (Errno.None or Errno.ENOENT or Errno.ENOTDIR))
        {
            throw FileErrors.Of(error, $"{path}/.../{name}");
        }
    }

    // Removed from the one above, which is still open. When that fails it is found again in another round.
    private void Leave()
    {
        (DirectoryReader reader, KernelPath name) = _open.Pop();
        reader.Dispose();
        if (_open.TryPeek(out (DirectoryReader Reader, KernelPath Name) above))
        {
            PathCalls.RemoveDirectory(above.Reader.Directory, name);
        }
    }

    private bool TryEnter(Descriptor? directory, KernelPath name)
    {
        const OpenFlags flags = OpenFlags.O_RDONLY | OpenFlags.O_DIRECTORY | OpenFlags.O_NOFOLLOW;
        Descriptor? entered = PathCalls.Open(directory, name, flags, 0, out Errno error);
        if (entered is null)
        {
            return error is Errno.ENOENT or Errno.ENOTDIR or Errno.ELOOP ? false : throw FileErrors.Of(error, path);
        }

        _open.Push((new DirectoryReader(entered), name));
        return true;
    }
}
