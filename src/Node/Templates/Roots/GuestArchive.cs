using System.Security.Cryptography;
using System.Text;
using Atoll.Domain;
using Atoll.Domain.Processes;

namespace Atoll.Node.Templates.Roots;

/// <summary>Fetches the files of a running sandbox as one tar archive, which a process in the sandbox makes.</summary>
internal static class GuestArchive
{
    private const int KeptErrors = 500;

    // What tells one sandbox from another, and what lives no longer than one.
    private static readonly string[] LeftOut =
    [
        "./proc/*", "./sys/*", "./dev/*", "./tmp/*", "./run/*", "./.atoll", "./etc/hostname", "./etc/hosts", "./etc/resolv.conf", "./etc/machine-id",
        "./var/lib/dbus/machine-id", "./etc/ssh/ssh_host_*",
    ];

    // 1: some file changed while it was read.
    private static readonly int[] Good = [0, 1];

    /// <returns>SHA-256 of the archive, in hex.</returns>
    /// <param name="limit">Bytes.</param>
    public static async Task<string> FetchAsync(IAgent agent, string path, long limit, CancellationToken cancellation)
    {
        ProcessInfo process = await StartAsync(agent, cancellation);
        try
        {
            await using var file = new FileStream(path, FileMode.CreateNew, FileAccess.Write, FileShare.None, 1 << 16);
            using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
            var errors = new StringBuilder();
            long length = 0;
            await foreach (ProcessEvent one in agent.AttachAsync(process.Pid, 0, cancellation))
            {
                switch (one)
                {
                    case ProcessEvent.Output { Stream: OutputStream.StandardOutput } output:
                        length += output.Data.Length;
                        if (length > limit)
                        {
                            throw ArchiveBounds.TooLarge(limit);
                        }

                        hash.AppendData(output.Data.Span);
                        await file.WriteAsync(output.Data, cancellation);
                        break;
                    case ProcessEvent.Output output:
                        errors.Append(Encoding.UTF8.GetString(output.Data.Span));
                        errors.Remove(0, Math.Max(0, errors.Length - KeptErrors));
                        break;
                    case ProcessEvent.Dropped:
                        throw new Fault(FaultCode.NoCapacity, "the server was too busy to take the sandbox's files: try again").AsException();
                    case ProcessEvent.Exited exited when !Good.Contains(exited.Exit.Code):
                        throw new Fault(FaultCode.WrongState, $"tar failed in the sandbox with code {exited.Exit.Code}: {errors.ToString().Trim()}").AsException();
                }
            }

            return Convert.ToHexStringLower(hash.GetHashAndReset());
        }
        finally
        {
            await EndAsync(agent, process.Pid);
        }
    }

    private static async Task<ProcessInfo> StartAsync(IAgent agent, CancellationToken cancellation)
    {
        try
        {
            return await agent.StartAsync(
                new ProcessSpec
                {
                    Arguments = ["tar", "--create", "--file=-", "--one-file-system", "--numeric-owner", "--xattrs", "--xattrs-include=*", .. LeftOut.Select(path => $"--exclude={path}"), "--directory=/", "."],
                    WorkingDirectory = "/",
                    OutputCapacity = 8 * 1024 * 1024,
                },
                cancellation);
        }
        catch (FaultException e) when (e.Fault.Code is FaultCode.InvalidArgument)
        {
            throw new FaultException(new Fault(FaultCode.WrongState, "the sandbox has no program 'tar', with which its files could be read: install it there"), e);
        }
    }

    private static async Task EndAsync(IAgent agent, int pid)
    {
        const int sigkill = 9;
        using var bound = new CancellationTokenSource(TimeSpan.FromSeconds(10));
        try
        {
            if ((await agent.ListAsync(bound.Token)).FirstOrDefault(process => process.Pid == pid) is not { } left)
            {
                return;
            }

            if (left.Exit is null)
            {
                await agent.SignalAsync(pid, sigkill, wholeGroup: true, bound.Token);
                await foreach (ProcessEvent _ in agent.AttachAsync(pid, 0, bound.Token))
                {
                    // What it has written is of no use; its end is awaited.
                }
            }

            await agent.ForgetAsync(pid, bound.Token);
        }
        catch (Exception e) when (e is FaultException or OperationCanceledException)
        {
            // It ends with the sandbox.
        }
    }
}
