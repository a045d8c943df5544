using System.CommandLine;
using Atoll.Cli.Output;
using Atoll.Cli.Sandboxes;
using Atoll.Sdk;

namespace Atoll.Cli.Processes;

/// <summary><c>atoll sandbox sh</c>: a login shell of the sandbox on the user's terminal.</summary>
internal static class ShellCommand
{
    public static Command Create(CommandContext context)
    {
        Argument<string> id = SandboxCommands.Id;
        Option<string?> cwd = new("--cwd") { Description = "The working directory (default: the home directory)" };
        Command command = new("sh", "Open a shell in a sandbox") { id, cwd };
        command.SetAction(async (parsed, cancellation) =>
        {
            using AtollClient client = context.Connect(parsed);
            return await RunAsync(context, client, parsed.GetRequiredValue(id), parsed.GetValue(cwd), cancellation).ConfigureAwait(false);
        });
        return command;
    }

    /// <summary>Opens a shell for a person who has just got a sandbox that runs, unless they do not want one; does nothing for a script.</summary>
    public static async Task<int> OpenAsync(
        CommandContext context, AtollClient client, Printer printer, Sandbox sandbox, bool unwanted, CancellationToken cancellation)
    {
        bool opens = context.Terminal is { InputIsTerminal: true, OutputIsTerminal: true } && !printer.IsJson && sandbox.Status == "running" && !unwanted;
        return opens ? await RunAsync(context, client, sandbox.SandboxId, cwd: null, cancellation).ConfigureAwait(false) : 0;
    }

    /// <summary>Opens a shell and returns its exit code.</summary>
    public static Task<int> RunAsync(CommandContext context, AtollClient client, string sandboxId, string? cwd, CancellationToken cancellation) =>
        new TerminalSession(context.Terminal, client, sandboxId).RunAsync(
            new ProcessStart { Arguments = ["/bin/bash", "-i", "-l"], WorkingDirectory = cwd }, cancellation);
}
