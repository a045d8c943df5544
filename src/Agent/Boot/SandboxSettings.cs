using Atoll.Agent.Processes;
using Atoll.Linux;
using Atoll.Protocol.Messages;

namespace Atoll.Agent.Boot;

/// <summary>Applies what makes this sandbox different from others of its template.</summary>
internal sealed class SandboxSettings(Launcher launcher)
{
    /// <exception cref="AgentErrorException">The hostname or a file was refused; what came before it stays applied.</exception>
    public void Apply(Configure configure)
    {
        if (configure.Hostname.Length > 0 && Machine.SetHostname(configure.Hostname) is not Errno.None and var error)
        {
            throw new AgentErrorException(AgentErrorCode.Internal, $"hostname '{configure.Hostname}' was refused: {error}");
        }

        if (configure.WallClockMicroseconds > 0)
        {
            // Sandboxes whose kernel follows the host's clock refuse this, and need it not.
            Machine.SetWallClock(DateTimeOffset.UnixEpoch.AddMicroseconds(configure.WallClockMicroseconds));
        }

        if (!configure.Entropy.IsEmpty)
        {
            using FileStream pool = File.OpenWrite("/dev/urandom");
            pool.Write(configure.Entropy.Span);
        }

        foreach (BootFile file in configure.Files)
        {
            Write(file);
        }

        launcher.Configured = configure.Environment;
    }

    private static void Write(BootFile file)
    {
        const uint permissionBits = 0xFFF;
        if (!file.Path.StartsWith('/') || (file.Mode & ~permissionBits) != 0)
        {
            throw new AgentErrorException(AgentErrorCode.InvalidArgument, $"boot file '{file.Path}' needs an absolute path and a mode up to 07777");
        }

        Directory.CreateDirectory(Path.GetDirectoryName(file.Path) ?? "/");

        // Opening a pipe or a device may wait for ever, and PID 1 with it.
        if (FileStatusCalls.Look(null, new KernelPath(file.Path), follow: true, out FileStatus there) == Errno.None && !there.IsRegular)
        {
            throw new AgentErrorException(AgentErrorCode.PathExists, $"boot file '{file.Path}' is something else already");
        }

        File.WriteAllBytes(file.Path, file.Content.Span);
        File.SetUnixFileMode(file.Path, (UnixFileMode)file.Mode);
    }
}
