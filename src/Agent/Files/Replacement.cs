using Atoll.Linux;
using Atoll.Protocol.Messages;

namespace Atoll.Agent.Files;

/// <summary>
/// New content for a path: written to a file beside it that takes the path's place at the end, so that readers see all
/// of the old or all of the new. Blocking; used by one thread at a time.
/// </summary>
internal sealed class Replacement : IDisposable
{
    /// <summary>Ends the temporary name for a path that has no file yet.</summary>
    public const string NewSuffix = ".atoll-c";

    /// <summary>Ends the temporary name for a path whose file is replaced.</summary>
    public const string OldSuffix = ".atoll-w";

    private const int MaxLinks = 40;
    private readonly GuestPath _path;
    private readonly Descriptor _directory;
    private readonly Descriptor _file;
    private readonly KernelPath _temporary;
    private bool _isThere = true;

    private Replacement(GuestPath path, Descriptor directory, Descriptor file, KernelPath temporary) =>
        (_path, _directory, _file, _temporary) = (path, directory, file, temporary);

    /// <summary>Checks what is at the path, follows its last link, makes directories above and the temporary file.</summary>
    /// <exception cref="AgentErrorException">Nothing can be written there.</exception>
    public static Replacement Begin(GuestPath path, uint mode, IReadOnlyDictionary<string, string>? metadata)
    {
        (GuestPath target, FileStatus? old) = FindTarget(path);
        Descriptor directory = OpenParent(target);
        try
        {
            (Descriptor file, KernelPath temporary) = MakeTemporary(directory, target, old is null);
            var replacement = new Replacement(target, directory, file, temporary);
            try
            {
                replacement.Prepare(old, mode, metadata);
                return replacement;
            }
            catch
            {
                replacement.Dispose();
                throw;
            }
        }
        catch
        {
            directory.Dispose();
            throw;
        }
    }

    /// <summary>Whether a name is one that only a replacement has, and then whether it is for a path without a file yet.</summary>
    public static bool IsTemporary(ReadOnlySpan<byte> name, out bool isNew)
    {
        const int length = 1 + 16 + 8;
        isNew = name.EndsWith(".atoll-c"u8);
        return name.Length == length && name[0] == '.' && (isNew || name.EndsWith(".atoll-w"u8))
            && !name[1..17].ContainsAnyExcept("0123456789abcdef"u8);
    }

    /// <exception cref="AgentErrorException">The disk is full, or broken.</exception>
    public void Write(ReadOnlySpan<byte> data)
    {
        try
        {
            FileBytes.Write(_file, data);
        }
        catch (SyscallException e)
        {
            throw FileErrors.Of(e.Error, _path.Text);
        }
    }

    /// <summary>Puts the new content in place.</summary>
    /// <returns>The file as it is then.</returns>
    public (GuestPath Path, FileStatus Status) Commit()
    {
        FileStatus status = FileStatusCalls.Of(_file);
        FileErrors.Check(PathCalls.Rename(_directory, _temporary, _directory, new KernelPath(_path.Name)), _path.Text);
        _isThere = false;
        return (_path, status);
    }

    /// <summary>Removes the temporary file, unless it has taken its place.</summary>
    public void Dispose()
    {
        if (_isThere)
        {
            _isThere = false;
            PathCalls.RemoveFile(_directory, _temporary);
        }

        _file.Dispose();
        _directory.Dispose();
    }

    private static (GuestPath Target, FileStatus? Old) FindTarget(GuestPath path)
    {
        for (int links = 0; links < MaxLinks; links++)
        {
            if (path.IsRoot)
            {
                throw FileErrors.IsADirectory("/");
            }

            Errno error = FileStatusCalls.Look(null, path.Kernel, follow: false, out FileStatus status);
            if (error == Errno.ENOENT)
            {
                return (path, null);
            }

            FileErrors.Check(error, path.Text);
            if (!status.IsLink)
            {
                RegularFile.Require(status, path);
                return (path, status);
            }

            KernelPath link = PathCalls.ReadLink(null, path.Kernel, out error) ?? throw FileErrors.Of(error, path.Text);
            path = path with { Text = Follow(path, link.ToString()) };
        }

        throw FileErrors.Of(Errno.ELOOP, path.Text);
    }

    // The directory that the link is in may itself be reached through links, so that ".." in the target is the kernel's to resolve.
    private static string Follow(GuestPath link, string target)
    {
        if (target.StartsWith('/'))
        {
            return GuestPaths.Clean(target);
        }

        Descriptor directory = PathCalls.Open(null, new KernelPath(link.Parent), OpenFlags.O_PATH | OpenFlags.O_DIRECTORY, 0, out Errno error)
            ?? throw FileErrors.Of(error, link.Parent);
        using (directory)
        {
            KernelPath real = PathCalls.ReadLink(null, new KernelPath($"/proc/self/fd/{directory.Number}"), out error)
                ?? throw FileErrors.Of(error, link.Parent);
            return GuestPaths.Clean($"{real}/{target}");
        }
    }

    private static Descriptor OpenParent(GuestPath target)
    {
        const OpenFlags flags = OpenFlags.O_PATH | OpenFlags.O_DIRECTORY;
        var parent = new KernelPath(target.Parent);
        Descriptor? directory = PathCalls.Open(null, parent, flags, 0, out Errno error);
        if (directory is null && error == Errno.ENOENT)
        {
            GuestPaths.MakeDirectories(target.Parent, target.User);
            directory = PathCalls.Open(null, parent, flags, 0, out error);
        }

        return directory ?? throw FileErrors.Of(error, target.Parent);
    }

    private static (Descriptor File, KernelPath Name) MakeTemporary(Descriptor directory, GuestPath target, bool isNew)
    {
        while (true)
        {
            var name = new KernelPath($".{Random.Shared.NextInt64():x16}{(isNew ? NewSuffix : OldSuffix)}");
            const OpenFlags flags = OpenFlags.O_WRONLY | OpenFlags.O_CREAT | OpenFlags.O_EXCL | OpenFlags.O_NOFOLLOW;
            Descriptor? file = PathCalls.Open(directory, name, flags, 0x180, out Errno error);
            if (file is not null)
            {
                return (file, name);
            }

            if (error != Errno.EEXIST)
            {
                throw FileErrors.Of(error, target.Text);
            }
        }
    }

    // Owner before mode: a change of owner takes the set-user-id bit away.
    private void Prepare(FileStatus? old, uint mode, IReadOnlyDictionary<string, string>? metadata)
    {
        Errno error = FileBytes.ChangeOwner(_file, old?.User ?? _path.User.Uid, old?.Group ?? _path.User.Gid);
        error = error == Errno.None ? FileBytes.ChangeMode(_file, old?.Mode ?? mode) : error;
        FileErrors.Check(error, _path.Text);
        if (old is not null)
        {
            FileMetadata.Copy(_path.Kernel, _file, withMetadata: metadata is null, _path.Text);
        }

        if (metadata is not null)
        {
            FileMetadata.Set(_file, metadata, _path.Text);
        }
    }
}
