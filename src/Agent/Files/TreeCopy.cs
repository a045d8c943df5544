using Atoll.Linux;

namespace Atoll.Agent.Files;

/// <summary>Copies a file or a directory to another file system with owners, modes, times and attributes, links as links.</summary>
internal sealed class TreeCopy(string path, Func<bool> isGivenUp) : IDisposable
{
    private const int MaxDepth = 128;
    private const int BufferSize = 128 * 1024;
    private const OpenFlags AsDirectory = OpenFlags.O_RDONLY | OpenFlags.O_DIRECTORY | OpenFlags.O_NOFOLLOW;
    private readonly NativeBuffer _buffer = new(BufferSize);

    /// <param name="to">Must not exist.</param>
    public void Copy(KernelPath from, KernelPath to) => Copy(null, from, null, to, path, 0);

    public void Dispose() => _buffer.Dispose();

    private void Copy(Descriptor? fromDirectory, KernelPath from, Descriptor? toDirectory, KernelPath to, string told, int depth)
    {
        if (isGivenUp())
        {
            throw FileErrors.GivenUp();
        }

        FileErrors.Check(FileStatusCalls.Look(fromDirectory, from, follow: false, out FileStatus status), told);
        switch (status.Type)
        {
            case FileType.S_IFREG:
                CopyFile(fromDirectory, from, toDirectory, to, told);
                break;
            case FileType.S_IFLNK:
                CopyLink(fromDirectory, from, toDirectory, to, told, status);
                break;
            case FileType.S_IFDIR when depth < MaxDepth:
                CopyDirectory(fromDirectory, from, toDirectory, to, told, depth);
                break;
            default:
                throw FileErrors.Invalid($"{told} cannot be moved to another file system: it is a device, a FIFO or a socket, or too deep");
        }
    }

    private void CopyFile(Descriptor? fromDirectory, KernelPath from, Descriptor? toDirectory, KernelPath to, string told)
    {
        using Descriptor source = Open(fromDirectory, from, OpenFlags.O_RDONLY | OpenFlags.O_NONBLOCK | OpenFlags.O_NOFOLLOW, told);
        using Descriptor copy = Open(toDirectory, to, OpenFlags.O_WRONLY | OpenFlags.O_CREAT | OpenFlags.O_EXCL | OpenFlags.O_NOFOLLOW, told);
        FileStatus status = FileStatusCalls.Of(source);
        if (!status.IsRegular)
        {
            throw FileErrors.Invalid($"{told} changed while it was moved");
        }

        FileCopy.Append(source, copy, _buffer, told, isGivenUp);
        FileMetadata.Copy(new KernelPath(told), copy, withMetadata: true, told);
        Finish(copy, status, told);
    }

    private void CopyDirectory(Descriptor? fromDirectory, KernelPath from, Descriptor? toDirectory, KernelPath to, string told, int depth)
    {
        using var source = new DirectoryReader(Open(fromDirectory, from, AsDirectory, told));
        FileErrors.Check(PathCalls.MakeDirectory(toDirectory, to, 0x1C0), told);
        using Descriptor copy = Open(toDirectory, to, AsDirectory, told);
        while (source.Next() is { } name)
        {
            Copy(source.Directory, name, copy, name, $"{told}/{name}", depth + 1);
        }

        FileMetadata.Copy(new KernelPath(told), copy, withMetadata: true, told);
        Finish(copy, FileStatusCalls.Of(source.Directory), told);
    }

    private static void CopyLink(
        Descriptor? fromDirectory, KernelPath from, Descriptor? toDirectory, KernelPath to, string told, FileStatus status)
    {
        KernelPath target = PathCalls.ReadLink(fromDirectory, from, out Errno error) ?? throw FileErrors.Of(error, told);
        FileErrors.Check(PathCalls.MakeLink(target, toDirectory, to), told);
        FileErrors.Check(PathCalls.ChangeOwner(toDirectory, to, status.User, status.Group, follow: false), told);
    }

    private static void Finish(Descriptor copy, FileStatus status, string told)
    {
        FileErrors.Check(FileBytes.ChangeOwner(copy, status.User, status.Group), told);
        FileErrors.Check(FileBytes.ChangeMode(copy, status.Mode), told);
        FileErrors.Check(FileBytes.ChangeTime(copy, status), told);
    }

    private static Descriptor Open(Descriptor? directory, KernelPath name, OpenFlags flags, string told) =>
        PathCalls.Open(directory, name, flags, 0x180, out Errno error) ?? throw FileErrors.Of(error, told);
}

/// <summary>Copies the bytes of one open file behind those of another.</summary>
internal static class FileCopy
{
    public static void Append(Descriptor from, Descriptor to, NativeBuffer buffer, string told, Func<bool> isGivenUp) =>
        Append(from, data => FileBytes.Write(to, data), buffer, told, isGivenUp);

    public static void Append(Descriptor from, WriteBytes write, NativeBuffer buffer, string told, Func<bool> isGivenUp)
    {
        try
        {
            long offset = 0;
            for (int count; (count = FileBytes.Read(from, buffer.Span, offset)) > 0; offset += count)
            {
                if (isGivenUp())
                {
                    throw FileErrors.GivenUp();
                }

                write(buffer.Span[..count]);
            }
        }
        catch (SyscallException e)
        {
            throw FileErrors.Of(e.Error, told);
        }
    }
}

internal delegate void WriteBytes(ReadOnlySpan<byte> data);
