using System.CommandLine;
using Atoll.Sdk;

namespace Atoll.Cli.Output;

/// <summary>Commands that take several ids: they go on after one that fails, say of each what became of it, and fail when one did.</summary>
internal static class Several
{
    /// <summary>How many requests are under way at a time.</summary>
    private const int AtOnce = 8;

    public static Argument<string[]> Ids(string noun, string description) => new(noun) { Description = description, Arity = ArgumentArity.OneOrMore };

    /// <summary>What became of each, in the order in which they were named, each once.</summary>
    /// <param name="ids">As they were typed.</param>
    /// <param name="noun">What they name, for the remedy.</param>
    /// <param name="act">Does it to one and tells its status.</param>
    public static async Task<List<Outcome>> DoAsync(IEnumerable<string> ids, string noun, Func<string, Task<string>> act)
    {
        using SemaphoreSlim room = new(AtOnce);
        string[] named = [.. ids.Distinct()];
        Outcome[] outcomes = await Task.WhenAll(named.Select(id => OneAsync(room, id, noun, act))).ConfigureAwait(false);
        return [.. outcomes.Select(outcome => named.Length == 1 ? outcome : outcome.Named())];
    }

    /// <summary>A command that does the same to each of the things that it names.</summary>
    public static Command Verb(
        CommandContext context, string verb, string description, Argument<string[]> ids,
        Func<AtollClient, string, CancellationToken, Task<string>> act)
    {
        Command command = new(verb, description) { ids };
        command.SetAction(async (parsed, cancellation) =>
        {
            Printer printer = context.Printer(parsed);
            using AtollClient client = context.Connect(parsed);
            List<Outcome> outcomes = await DoAsync(parsed.GetRequiredValue(ids), ids.Name, id => act(client, id, cancellation)).ConfigureAwait(false);
            printer.Print(outcomes, json => json.ListOutcome, output => Write(output, outcomes));
            return Complain(context.Terminal, outcomes);
        });
        return command;
    }

    public static void Write(TextWriter output, IEnumerable<Outcome> outcomes)
    {
        foreach (Outcome outcome in outcomes.Where(outcome => outcome.Error is null))
        {
            output.WriteLine($"{Table.Plain(outcome.Id)}: {Table.Plain(outcome.Status)}");
        }
    }

    /// <summary>A line of error for each that failed, and the exit code of them all.</summary>
    public static int Complain(Terminal terminal, IReadOnlyCollection<Outcome> outcomes)
    {
        foreach (Outcome outcome in outcomes.Where(outcome => outcome.Error is not null))
        {
            terminal.Error.WriteLine($"Error: {Table.Plain(outcome.Error!)}");
        }
        return outcomes.Any(outcome => outcome.Error is not null) ? 1 : 0;
    }

    private static async Task<Outcome> OneAsync(SemaphoreSlim room, string id, string noun, Func<string, Task<string>> act)
    {
        await room.WaitAsync().ConfigureAwait(false);
        try
        {
            return new Outcome(id, await act(id).ConfigureAwait(false), null);
        }
        catch (Exception exception) when (exception is CliException or ApiException and not UnauthorizedException)
        {
            return new Outcome(id, "error", ErrorReport.Describe(exception, [noun]));
        }
        finally
        {
            room.Release();
        }
    }
}

/// <summary>What became of one of several things.</summary>
internal sealed record Outcome(string Id, string Status, string? Error)
{
    /// <summary>With an error that says which of several it is of.</summary>
    public Outcome Named() => Error is null || Error.Contains(Id, StringComparison.Ordinal) ? this : this with { Error = $"{Id}: {Error}" };
}
