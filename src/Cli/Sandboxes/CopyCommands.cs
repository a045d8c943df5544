using System.CommandLine;
using Atoll.Cli.Output;
using Atoll.Cli.Snapshots;
using Atoll.Sdk;

namespace Atoll.Cli.Sandboxes;

/// <summary><c>atoll sandbox fork</c> and <c>snapshot</c>: what is made of a sandbox that goes on itself.</summary>
internal static class CopyCommands
{
    public static Command Fork(CommandContext context)
    {
        Argument<string> id = SandboxCommands.Id;
        Option<int> count = new("--count") { Description = "How many copies, at most 100", DefaultValueFactory = _ => 1 };
        Option<string?> name = new("--name") { Description = "Their name; more than one get a number after it" };
        Option<TimeSpan?> timeout = Spans.Option("--timeout", "How long they run (default: as the original)");
        Option<string[]> metadata = KeyValues.Option("--metadata", "A label besides those of the original; may be repeated");
        Command command = new("fork", "Copy a sandbox with its memory, processes and disk; it goes on itself") { id, count, name, timeout, metadata };
        context.Examples.Add(command, "atoll sandbox fork sbx-...", "atoll sandbox fork sbx-... --count 10 --name try");
        command.SetAction(async (parsed, cancellation) =>
        {
            using AtollClient client = context.Connect(parsed);
            ForkSandboxRequest request = new()
            {
                Count = parsed.GetValue(count), Name = parsed.GetValue(name), Metadata = KeyValues.Parse(parsed.GetValue(metadata)),
                Timeout = parsed.GetValue(timeout) is { } length ? checked((int)length.TotalSeconds) : null,
            };
            List<Sandbox> forks;
            await using (Progress.Show(context.Terminal, "Forking the sandbox").ConfigureAwait(false))
            {
                forks = [.. await client.Sandboxes.ForkAsync(parsed.GetRequiredValue(id), request, cancellation).ConfigureAwait(false)];
            }
            context.Printer(parsed).Print(new ForkedSandboxes(forks), json => json.ForkedSandboxes, output => Write(output, forks));
            return Several.Complain(context.Terminal, [.. forks.Where(fork => fork.Status == "failed").Select(fork =>
                new Outcome(fork.SandboxId, fork.Status, $"sandbox {fork.SandboxId} failed to start: {fork.Reason}"))]);
        });
        return command;
    }

    public static Command Snapshot(CommandContext context)
    {
        Argument<string> id = SandboxCommands.Id;
        Option<string?> name = new("--name") { Description = "Unique among yours, 1 to 64 of a-z, 0-9, _ and -" };
        Command command = new("snapshot", "Keep a sandbox's memory, processes and disk as they are now, to create others of them") { id, name };
        context.Examples.Add(command, "atoll sandbox snapshot sbx-... --name ready", "atoll sandbox create --template ready");
        command.SetAction(async (parsed, cancellation) =>
        {
            using AtollClient client = context.Connect(parsed);
            Snapshot snapshot;
            await using (Progress.Show(context.Terminal, "Taking the snapshot").ConfigureAwait(false))
            {
                snapshot = await client.Sandboxes.SnapshotAsync(parsed.GetRequiredValue(id), parsed.GetValue(name), cancellation).ConfigureAwait(false);
            }
            context.Printer(parsed).Print(snapshot, json => json.Snapshot, output => SnapshotCommands.WriteDetails(output, snapshot));
            return 0;
        });
        return command;
    }

    private static void Write(TextWriter output, List<Sandbox> forks)
    {
        if (forks is [var only])
        {
            SandboxCommands.WriteDetails(output, only);
            return;
        }
        ListCommand.WriteTable(output, forks);
    }
}
