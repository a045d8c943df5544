using System.CommandLine;
using Atoll.Server.Backup;

namespace Atoll.Server.Commands;

/// <summary><c>backup</c> copies what a server keeps into one file, also while it runs; <c>restore</c> makes a data directory of it.</summary>
internal static class BackupCommand
{
    public static Command Backup()
    {
        Option<string> data = ServerOptions.Data();
        var file = new Argument<string>("file") { Description = "The backup, a tar archive that only its owner may read; replaced when it is there" };
        var images = new Option<bool>("--images") { Description = "Also the images of paused sandboxes and snapshots; templates are built anew instead" };
        var command = new Command("backup", "Copy the database and the keys into one file, also while the server runs") { file, images, data };
        command.SetAction(async (parsed, cancellation) =>
        {
            string target = Path.GetFullPath(parsed.GetRequiredValue(file));
            BackupManifest made = await new BackupWriter(Path.GetFullPath(parsed.GetRequiredValue(data)), TimeProvider.System, Show)
                .WriteAsync(target, parsed.GetValue(images), cancellation);
            Console.WriteLine($"{target}: {made.Files.Count} files, {made.Files.Values.Sum(one => one.Bytes)} bytes, schema {made.Schema}");
            return 0;
        });
        return command;
    }

    public static Command Restore()
    {
        Option<string> data = ServerOptions.Data();
        var file = new Argument<string>("file") { Description = "The backup" };
        var force = new Option<bool>("--force") { Description = "Replace what is in the data directory" };
        var command = new Command("restore", "Make a data directory of a backup; no server may run on it") { file, force, data };
        command.SetAction(async (parsed, cancellation) =>
        {
            string directory = Path.GetFullPath(parsed.GetRequiredValue(data));
            int failed = await new BackupReader(directory, TimeProvider.System, Show)
                .RestoreAsync(Path.GetFullPath(parsed.GetRequiredValue(file)), parsed.GetValue(force), cancellation);
            Console.WriteLine($"{directory}: restored; {failed} sandboxes that ran, or whose image is not there, are failed");
            return 0;
        });
        return command;
    }

    private static void Show(string name, long bytes) => Console.Error.WriteLine(bytes > 0 ? $"{name}  {bytes} bytes" : name);
}
