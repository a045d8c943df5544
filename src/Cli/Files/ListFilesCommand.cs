using System.CommandLine;
using System.Globalization;
using Atoll.Cli.Output;
using Atoll.Cli.Sandboxes;
using Atoll.Sdk;

namespace Atoll.Cli.Files;

/// <summary><c>atoll sandbox ls</c>.</summary>
internal static class ListFilesCommand
{
    private const int All = 999;

    public static Command Create(CommandContext context)
    {
        Argument<string> id = SandboxCommands.Id;
        Argument<string> path = RemotePath.Argument("path", "A directory of the sandbox (default: /)");
        path.DefaultValueFactory = _ => "/";
        Option<bool> recursive = new("--recursive", "-R") { Description = "Everything below it" };
        Command command = new("ls", "List a directory of a sandbox") { id, path, recursive };
        command.SetAction(async (parsed, cancellation) =>
        {
            using AtollClient client = context.Connect(parsed);
            string root = parsed.GetRequiredValue(path);
            IReadOnlyList<FileEntry> entries = await client.Files.ListAsync(
                parsed.GetRequiredValue(id), root, parsed.GetValue(recursive) ? All : 1, cancellation).ConfigureAwait(false);
            List<FileEntry> sorted = [.. entries.OrderBy(entry => entry.Path, StringComparer.Ordinal)];
            context.Printer(parsed).Print(sorted, json => json.ListFileEntry, output => Write(output, root, sorted));
            return 0;
        });
        return command;
    }

    private static void Write(TextWriter output, string root, List<FileEntry> entries)
    {
        string prefix = root.TrimEnd('/') + "/";
        Table.Write(
            output, ["MODE", "OWNER", "GROUP", "SIZE", "MODIFIED", "NAME"],
            entries.Select(entry => new[]
            {
                entry.Permissions ?? "", entry.Owner ?? "", entry.Group ?? "", entry.Size.ToString(CultureInfo.InvariantCulture), Table.Time(entry.ModifiedTime),
                (entry.Path.StartsWith(prefix, StringComparison.Ordinal) ? entry.Path[prefix.Length..] : entry.Path)
                    + (entry.IsDirectory ? "/" : "") + (entry.SymlinkTarget is { } target ? $" -> {target}" : ""),
            }));
    }
}
