using Atoll.Linux;
using Atoll.Protocol;
using Atoll.Protocol.Messages;

namespace Atoll.Agent.Files;

/// <summary>What is done to files and has one answer. Blocking: called on a thread of the workers.</summary>
internal sealed class FileOperations(GuestPaths paths)
{
    private const uint ModeBits = 0xFFF;
    private const int BufferSize = 128 * 1024;

    public FileStat Stat(PathOf path) => paths.Tell(paths.Resolve(path), follow: false);

    public FileStat MakeDirectory(PathOf where)
    {
        GuestPath path = paths.Resolve(where);
        if (FileStatusCalls.Look(null, path.Kernel, follow: false, out FileStatus there) == Errno.None)
        {
            throw there.IsDirectory ? FileErrors.DirectoryExists(path.Text) : FileErrors.Exists(path.Text);
        }

        GuestPaths.MakeDirectories(path.Parent, path.User);
        FileErrors.Check(GuestPaths.MakeDirectory(path.Text, path.User), path.Text);
        return paths.Tell(path, follow: false);
    }

    public FileStat Move(MoveFile request, Func<bool> isGivenUp)
    {
        (GuestPath from, GuestPath to) = (paths.Resolve(request.From), paths.Resolve(request.To));
        GuestPaths.Look(from, follow: false);
        if (from.IsRoot || to.Text.StartsWith(from.Text + "/", StringComparison.Ordinal))
        {
            throw FileErrors.Invalid($"{from.Text} cannot be moved into itself");
        }

        GuestPaths.MakeDirectories(to.Parent, to.User);
        Errno error = PathCalls.Rename(null, from.Kernel, null, to.Kernel);
        if (error == Errno.EXDEV)
        {
            Carry(from, to, isGivenUp);
        }
        else if (error == Errno.ENOENT)
        {
            throw FileErrors.NotFound(from.Text);
        }
        else
        {
            FileErrors.Check(error, to.Text);
        }

        return paths.Tell(to, follow: false);
    }

    public FileStat SetMode(SetFileMode request)
    {
        if ((request.Mode & ~ModeBits) != 0)
        {
            throw FileErrors.Invalid($"mode {Convert.ToString(request.Mode, 8)} is none: 0 to 7777 are possible");
        }

        GuestPath path = paths.Resolve(request.Path);
        FileErrors.Check(PathCalls.ChangeMode(null, path.Kernel, request.Mode), path.Text);
        return paths.Tell(path, follow: true);
    }

    public FileStat SetOwner(SetFileOwner request)
    {
        GuestPath path = paths.Resolve(request.Path);
        UserEntry owner = paths.Users.Find(request.Owner);
        FileErrors.Check(PathCalls.ChangeOwner(null, path.Kernel, owner.Uid, owner.Gid, follow: true), path.Text);
        return paths.Tell(path, follow: true);
    }

    public FileStat Compose(ComposeFiles request, Func<bool> isGivenUp)
    {
        const uint mode = 0x1A4; // 0644
        GuestPath to = paths.Resolve(request.To);
        GuestPath[] sources = [.. request.Sources.Select(paths.Resolve)];
        foreach (GuestPath source in sources)
        {
            RegularFile.Require(GuestPaths.Look(source, follow: true), source);
        }

        using Replacement replacement = Replacement.Begin(to, mode, null);
        using var buffer = new NativeBuffer(BufferSize);
        foreach (GuestPath source in sources)
        {
            (Descriptor file, _) = RegularFile.Open(source);
            using (file)
            {
                FileCopy.Append(file, replacement.Write, buffer, source.Text, isGivenUp);
            }
        }

        (GuestPath made, FileStatus status) = replacement.Commit();
        foreach (GuestPath source in sources)
        {
            // One of them may be what was made.
            if (FileStatusCalls.Look(null, source.Kernel, follow: true, out FileStatus there) != Errno.None || !there.IsSame(status))
            {
                PathCalls.RemoveFile(null, source.Kernel);
            }
        }

        return paths.Tell(made, status);
    }

    // To another file system: copied beside the destination, put in its place, and removed where it was.
    private static void Carry(GuestPath from, GuestPath to, Func<bool> isGivenUp)
    {
        if (IsMountPoint(from))
        {
            throw FileErrors.Of(Errno.EBUSY, from.Text);
        }

        GuestPath beside = to with { Text = $"{to.Parent.TrimEnd('/')}/.{Random.Shared.NextInt64():x16}{Replacement.NewSuffix}" };
        try
        {
            using var copy = new TreeCopy(from.Text, isGivenUp);
            copy.Copy(from.Kernel, beside.Kernel);
            FileErrors.Check(PathCalls.Rename(null, beside.Kernel, null, to.Kernel), to.Text);
        }
        catch (Exception e) when (e is AgentErrorException or SyscallException)
        {
            TreeRemoval.Remove(beside, static () => false);
            throw;
        }

        TreeRemoval.Remove(from, isGivenUp);
    }

    // A kernel may say of a mount point what it says of anything in another file system.
    private static bool IsMountPoint(GuestPath path) =>
        GuestPaths.Look(path, follow: false) is { IsDirectory: true } here
        && here.Device != GuestPaths.Look(path with { Text = path.Parent }, follow: true).Device;
}
