using System.CommandLine;
using Atoll.Cli.Output;
using Atoll.Cli.Processes;
using Atoll.Sdk;

namespace Atoll.Cli.Sandboxes;

/// <summary><c>atoll sandbox connect</c>: uses a sandbox again, whether it runs or is paused.</summary>
internal static class ConnectCommand
{
    public static Command Create(CommandContext context)
    {
        Argument<string> id = SandboxCommands.Id;
        Option<TimeSpan?> timeout = Spans.Option("--timeout", "Let it run so long, unless it does already");
        Option<bool> noTerminal = new("--no-terminal") { Description = "Do not open a shell in it, which happens on a terminal" };
        Command command = new("connect", "Resume a sandbox if it is paused, and open a shell in it") { id, timeout, noTerminal };
        context.Examples.Add(command, "atoll sandbox connect sbx-...", "atoll sandbox connect sbx-... --timeout 1h --no-terminal");
        command.SetAction(async (parsed, cancellation) =>
        {
            Printer printer = context.Printer(parsed);
            using AtollClient client = context.Connect(parsed);
            Sandbox sandbox;
            await using (Progress.Show(context.Terminal, "Connecting to the sandbox").ConfigureAwait(false))
            {
                sandbox = await client.Sandboxes.ConnectAsync(parsed.GetRequiredValue(id), parsed.GetValue(timeout), cancellation).ConfigureAwait(false);
            }
            printer.Print(sandbox, json => json.Sandbox, output => SandboxCommands.WriteDetails(output, sandbox));
            return await ShellCommand.OpenAsync(context, client, printer, sandbox, parsed.GetValue(noTerminal), cancellation).ConfigureAwait(false);
        });
        return command;
    }
}
