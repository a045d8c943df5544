using System.CommandLine;
using Atoll.Cli.Sandboxes;
using Atoll.Sdk;

namespace Atoll.Cli.Files;

/// <summary><c>atoll sandbox upload</c>: a file, or with <c>--recursive</c> a directory with all that is in it.</summary>
internal sealed class UploadCommand
{
    private readonly CommandContext _context;
    private readonly Argument<string> _id = SandboxCommands.Id;
    private readonly Argument<string> _local = new("local") { Description = "A file here, or a directory with --recursive" };

    private readonly Argument<string> _remote = RemotePath.Argument(
        "remote", "Where to, absolute. A directory that is there, or a path that ends in /, takes it under its own name");

    private readonly Option<bool> _recursive = new("--recursive", "-r") { Description = "A directory with all that is in it; links in it are left out" };
    private readonly Option<bool> _force = new("--force", "-f") { Description = "Replace what is there" };

    private UploadCommand(CommandContext context) => _context = context;

    public static Command Create(CommandContext context)
    {
        UploadCommand upload = new(context);
        Command command = new("upload", "Copy files into a sandbox") { upload._id, upload._local, upload._remote, upload._recursive, upload._force };
        command.SetAction(upload.RunAsync);
        return command;
    }

    private async Task<int> RunAsync(ParseResult parsed, CancellationToken cancellation)
    {
        string local = Path.GetFullPath(parsed.GetRequiredValue(_local)), remote = parsed.GetRequiredValue(_remote), id = parsed.GetRequiredValue(_id);
        bool isDirectory = Directory.Exists(local);
        if (isDirectory && !parsed.GetValue(_recursive))
        {
            throw new CliException($"'{local}' is a directory: --recursive copies it with all that is in it");
        }
        if (!isDirectory && !File.Exists(local))
        {
            throw new CliException($"there is no file '{local}'");
        }
        using AtollClient client = _context.Connect(parsed);
        FileEntry? there = await FindAsync(client, id, remote, cancellation).ConfigureAwait(false);
        string target = remote.EndsWith('/') || (there is { IsDirectory: true } && !isDirectory)
            ? RemotePath.Join(remote, Path.GetFileName(local))
            : remote;
        List<(string Local, string Remote)> files = isDirectory ? Tree(local, target) : [(local, target)];
        foreach ((string from, string to) in files)
        {
            await CopyAsync(client, id, from, to, parsed.GetValue(_force), cancellation).ConfigureAwait(false);
        }
        _context.Terminal.Error.WriteLine(files.Count == 1 && !isDirectory ? $"Uploaded {target}" : $"Uploaded {files.Count} files to {target}");
        return 0;
    }

    private List<(string Local, string Remote)> Tree(string local, string target)
    {
        List<(string, string)> files = [];
        EnumerationOptions all = new() { RecurseSubdirectories = true, AttributesToSkip = FileAttributes.ReparsePoint, IgnoreInaccessible = false };
        foreach (string path in Directory.EnumerateFiles(local, "*", all).Order(StringComparer.Ordinal))
        {
            files.Add((path, RemotePath.Join(target, Path.GetRelativePath(local, path))));
        }
        return files;
    }

    private async Task CopyAsync(AtollClient client, string id, string local, string remote, bool force, CancellationToken cancellation)
    {
        if (!force && await FindAsync(client, id, remote, cancellation).ConfigureAwait(false) is not null)
        {
            throw new CliException($"'{remote}' is there already: --force replaces it");
        }
        await using FileStream content = new(local, FileMode.Open, FileAccess.Read, FileShare.ReadWrite, bufferSize: 0, useAsync: true);
        using TransferProgress progress = new(_context.Terminal, Path.GetFileName(local), content.Length);
        await client.Files.UploadAsync(id, remote, content, progress.At, cancellation).ConfigureAwait(false);
    }

    private static async Task<FileEntry?> FindAsync(AtollClient client, string id, string path, CancellationToken cancellation)
    {
        try
        {
            return await client.Files.StatAsync(id, path, cancellation).ConfigureAwait(false);
        }
        catch (NotFoundException)
        {
            // A sandbox that is not there says so when something is done with it.
            return null;
        }
    }
}
