using System.CommandLine;
using Atoll.Cli.Output;
using Atoll.Sdk;

namespace Atoll.Cli.Sandboxes;

/// <summary><c>atoll sandbox terminate</c> and <c>delete</c>: both take several ids and go on after one that fails.</summary>
internal static class EndCommands
{
    public static Command Terminate(CommandContext context) => Create(
        context, "terminate", "End sandboxes and keep their records",
        async (client, id, force, cancellation) => (await client.Sandboxes.TerminateAsync(id, force, cancellation).ConfigureAwait(false)).Status);

    public static Command Delete(CommandContext context)
    {
        Command command = Create(
            context, "delete", "End sandboxes and forget them",
            async (client, id, force, cancellation) =>
            {
                await client.Sandboxes.DeleteAsync(id, force, cancellation).ConfigureAwait(false);
                return "deletion_in_progress";
            });
        command.Aliases.Add("rm");
        return command;
    }

    private static Command Create(
        CommandContext context, string verb, string description, Func<AtollClient, string, bool, CancellationToken, Task<string>> end)
    {
        Argument<string[]> ids = new(SandboxCommands.IdName) { Description = "The sandboxes, sbx-…", Arity = ArgumentArity.OneOrMore };
        Option<bool> force = new("--force") { Description = "Accepted and sent; changes nothing here: a sandbox is ended in whatever state it is, without a question" };
        Command command = new(verb, description) { ids, force };
        command.SetAction(async (parsed, cancellation) =>
        {
            Printer printer = context.Printer(parsed);
            using AtollClient client = context.Connect(parsed);
            List<EndingResult> results = [];
            foreach (string id in parsed.GetRequiredValue(ids).Distinct())
            {
                results.Add(await EndAsync(context.Terminal, id, () => end(client, id, parsed.GetValue(force), cancellation)).ConfigureAwait(false));
            }
            printer.Print(results, json => json.ListEndingResult, output =>
            {
                foreach (EndingResult result in results.Where(result => result.Error is null))
                {
                    output.WriteLine($"{Table.Plain(result.SandboxId)}: {result.Status}");
                }
            });
            return results.Exists(result => result.Error is not null) ? 1 : 0;
        });
        return command;
    }

    private static async Task<EndingResult> EndAsync(Terminal terminal, string id, Func<Task<string>> end)
    {
        try
        {
            return new EndingResult(id, await end().ConfigureAwait(false), null);
        }
        catch (ApiException exception) when (exception is not UnauthorizedException)
        {
            string error = ErrorReport.Describe(exception, ofSandbox: true);
            terminal.Error.WriteLine($"Error: {error}");
            return new EndingResult(id, "error", error);
        }
    }
}

/// <summary>What became of one of several ids.</summary>
internal sealed record EndingResult(string SandboxId, string Status, string? Error);
