using System.CommandLine;
using Atoll.Cli.Sandboxes;
using Atoll.Sdk;

namespace Atoll.Cli.Files;

/// <summary><c>atoll sandbox download</c>: a file, or with <c>--recursive</c> a directory with all that is in it.</summary>
internal sealed class DownloadCommand
{
    private const int All = 999;

    private readonly CommandContext _context;
    private readonly Argument<string> _id = SandboxCommands.Id;
    private readonly Argument<string> _remote = RemotePath.Argument("remote", "A file of the sandbox, or a directory with --recursive; absolute");

    private readonly Argument<string> _local = new("local")
    {
        Description = "Where to; a directory that is there takes it under its own name (default: the current directory)",
        DefaultValueFactory = _ => ".",
    };

    private readonly Option<bool> _recursive = new("--recursive", "-r") { Description = "A directory with all that is in it; links in it are left out" };
    private readonly Option<bool> _force = new("--force", "-f") { Description = "Replace what is here" };

    private DownloadCommand(CommandContext context) => _context = context;

    public static Command Create(CommandContext context)
    {
        DownloadCommand download = new(context);
        Command command = new("download", "Copy files out of a sandbox; one that broke off goes on where it broke")
        {
            download._id, download._remote, download._local, download._recursive, download._force,
        };
        command.SetAction(download.RunAsync);
        return command;
    }

    private async Task<int> RunAsync(ParseResult parsed, CancellationToken cancellation)
    {
        string id = parsed.GetRequiredValue(_id), remote = parsed.GetRequiredValue(_remote);
        string local = Path.GetFullPath(parsed.GetRequiredValue(_local));
        using AtollClient client = _context.Connect(parsed);
        FileEntry source = await client.Files.StatAsync(id, remote, cancellation).ConfigureAwait(false);
        if (source.IsDirectory && !parsed.GetValue(_recursive))
        {
            throw new CliException($"'{remote}' is a directory: --recursive copies it with all that is in it");
        }
        string target = Directory.Exists(local) ? Path.Combine(local, RemotePath.NameOf(remote)) : local;
        FileReceiver receiver = new(_context.Terminal, client, id, replace: parsed.GetValue(_force));
        if (!source.IsDirectory)
        {
            await receiver.ReceiveAsync(remote, target, cancellation).ConfigureAwait(false);
            _context.Terminal.Error.WriteLine($"Downloaded {target}");
            return 0;
        }
        int count = await TreeAsync(client, receiver, id, remote, target, cancellation).ConfigureAwait(false);
        _context.Terminal.Error.WriteLine($"Downloaded {count} files to {target}");
        return 0;
    }

    private async Task<int> TreeAsync(
        AtollClient client, FileReceiver receiver, string id, string remote, string target, CancellationToken cancellation)
    {
        IReadOnlyList<FileEntry> entries = await client.Files.ListAsync(id, remote, All, cancellation).ConfigureAwait(false);
        int count = 0;
        Directory.CreateDirectory(target);
        foreach (FileEntry entry in entries.OrderBy(entry => entry.Path, StringComparer.Ordinal))
        {
            string? place = LocalTree.PlaceOf(target, remote, entry.Path);
            if (place is null || entry.SymlinkTarget is not null)
            {
                _context.Terminal.Error.WriteLine($"Left out: {Output.Table.Plain(entry.Path)}");
            }
            else if (entry.IsDirectory)
            {
                Directory.CreateDirectory(place);
            }
            else
            {
                await receiver.ReceiveAsync(entry.Path, place, cancellation).ConfigureAwait(false);
                count++;
            }
        }
        return count;
    }
}
