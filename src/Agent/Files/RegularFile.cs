using Atoll.Linux;

namespace Atoll.Agent.Files;

/// <summary>Opens files for their bytes, and nothing that would make the opener wait.</summary>
internal static class RegularFile
{
    /// <summary>Opens for reading, through links.</summary>
    /// <exception cref="Protocol.Messages.AgentErrorException">Nothing is there, or something else than a regular file.</exception>
    public static (Descriptor File, FileStatus Status) Open(GuestPath path)
    {
        // Looked at first: to open a device may do something.
        Require(GuestPaths.Look(path, follow: true), path);
        Descriptor file = PathCalls.Open(null, path.Kernel, OpenFlags.O_RDONLY | OpenFlags.O_NONBLOCK, 0, out Errno error)
            ?? throw FileErrors.Of(error, path.Text);
        try
        {
            FileStatus status = FileStatusCalls.Of(file);
            Require(status, path);
            return (file, status);
        }
        catch
        {
            file.Dispose();
            throw;
        }
    }

    public static void Require(FileStatus status, GuestPath path)
    {
        if (status.IsDirectory)
        {
            throw FileErrors.IsADirectory(path.Text);
        }

        if (!status.IsRegular)
        {
            throw FileErrors.NoRegularFile(path.Text);
        }
    }
}
