using System.CommandLine;
using Atoll.Cli.Output;
using Atoll.Sdk;

namespace Atoll.Cli.Sandboxes;

/// <summary><c>atoll sandbox pause</c>, <c>resume</c>, <c>terminate</c> and <c>delete</c>: what is done to several sandboxes at once.</summary>
internal static class LifecycleCommands
{
    /// <summary>How many ids one request of a batch may name.</summary>
    private const int BatchSize = 100;

    private const string Noun = "sandbox";

    public static Command Pause(CommandContext context) => Wait(
        context, "pause", "Write sandboxes to disk with all that runs in them, and free what they use", "Pausing",
        (client, id, isAsync, cancellation) => client.Sandboxes.PauseAsync(id, isAsync, cancellation));

    public static Command Resume(CommandContext context) => Wait(
        context, "resume", "Bring paused sandboxes back, with all that ran in them", "Resuming",
        (client, id, isAsync, cancellation) => client.Sandboxes.ResumeAsync(id, new ResumeSandboxRequest { IsAsync = isAsync ? true : null }, cancellation));

    public static Command Terminate(CommandContext context) => End(
        context, "terminate", "End sandboxes and keep their records", BatchAction.Terminate,
        async (client, id, force, cancellation) => (await client.Sandboxes.TerminateAsync(id, force, cancellation).ConfigureAwait(false)).Status);

    public static Command Delete(CommandContext context)
    {
        Command command = End(
            context, "delete", "End sandboxes and forget them", BatchAction.Delete,
            async (client, id, force, cancellation) =>
            {
                await client.Sandboxes.DeleteAsync(id, force, cancellation).ConfigureAwait(false);
                return "deletion_in_progress";
            });
        command.Aliases.Add("rm");
        return command;
    }

    /// <summary>Several requests at once, each of which waits for its sandbox.</summary>
    private static Command Wait(
        CommandContext context, string verb, string description, string doing, Func<AtollClient, string, bool, CancellationToken, Task<Sandbox>> act)
    {
        Argument<string[]> ids = SandboxCommands.Ids;
        Option<bool> isAsync = new("--async") { Description = "Return at once; poll 'sandbox get'" };
        Command command = new(verb, description) { ids, isAsync };
        context.Examples.Add(command, $"atoll sandbox {verb} sbx-... sbx-...", $"atoll sandbox {verb} --async sbx-...");
        command.SetAction(async (parsed, cancellation) =>
        {
            using AtollClient client = context.Connect(parsed);
            string[] wanted = parsed.GetRequiredValue(ids);
            List<Outcome> outcomes;
            await using (Progress.Show(context.Terminal, $"{doing} {(wanted.Length == 1 ? "the sandbox" : $"{wanted.Length} sandboxes")}").ConfigureAwait(false))
            {
                outcomes = await Several.DoAsync(wanted, Noun, async id =>
                    (await act(client, id, parsed.GetValue(isAsync), cancellation).ConfigureAwait(false)).Status).ConfigureAwait(false);
            }
            return Report(context, parsed, outcomes);
        });
        return command;
    }

    /// <summary>One id is one request, which says most of what went wrong; several are batches.</summary>
    private static Command End(
        CommandContext context, string verb, string description, BatchAction batch, Func<AtollClient, string, bool, CancellationToken, Task<string>> act)
    {
        Argument<string[]> ids = SandboxCommands.Ids;
        Option<bool> force = new("--force") { Description = "Accepted and sent; changes nothing here: a sandbox is ended in whatever state it is, without a question" };
        Command command = new(verb, description) { ids, force };
        context.Examples.Add(
            command, $"atoll sandbox {verb} sbx-... sbx-...",
            $"atoll sandbox list --all -o json-compact | jq -r '.sandboxes[].sandbox_id' | xargs -r atoll sandbox {verb}");
        command.SetAction(async (parsed, cancellation) =>
        {
            using AtollClient client = context.Connect(parsed);
            string[] wanted = [.. parsed.GetRequiredValue(ids).Distinct()];
            List<Outcome> outcomes = wanted.Length == 1
                ? await Several.DoAsync(wanted, Noun, id => act(client, id, parsed.GetValue(force), cancellation)).ConfigureAwait(false)
                : await BatchAsync(client, batch, wanted, parsed.GetValue(force), cancellation).ConfigureAwait(false);
            return Report(context, parsed, outcomes);
        });
        return command;
    }

    private static async Task<List<Outcome>> BatchAsync(AtollClient client, BatchAction action, string[] ids, bool force, CancellationToken cancellation)
    {
        List<Outcome> outcomes = [];
        foreach (string[] chunk in ids.Chunk(BatchSize))
        {
            BatchOutcome batch = await client.Sandboxes.BatchAsync(action, chunk, force, cancellation).ConfigureAwait(false);
            outcomes.AddRange(batch.Results.Select(result =>
                new Outcome(result.SandboxId, result.Status ?? "", string.IsNullOrEmpty(result.Error) ? null : result.Error).Named()));
        }
        return outcomes;
    }

    private static int Report(CommandContext context, ParseResult parsed, List<Outcome> outcomes)
    {
        List<SandboxOutcome> sandboxes = [.. outcomes.Select(outcome => new SandboxOutcome(outcome.Id, outcome.Status, outcome.Error))];
        context.Printer(parsed).Print(sandboxes, json => json.ListSandboxOutcome, output => Several.Write(output, outcomes));
        return Several.Complain(context.Terminal, outcomes);
    }
}
