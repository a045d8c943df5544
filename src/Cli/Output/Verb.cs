using System.CommandLine;
using System.Text.Json.Serialization.Metadata;
using Atoll.Sdk;

namespace Atoll.Cli.Output;

/// <summary>Makes the commands that ask the server once and show its answer.</summary>
internal static class Verb
{
    /// <summary>Shows what the server answers.</summary>
    public static Command Show<T>(
        CommandContext context, string name, string description, IEnumerable<Symbol> symbols,
        Func<AtollClient, ParseResult, CancellationToken, Task<T>> ask, Func<CliJson, JsonTypeInfo<T>> type, Action<TextWriter, T> write)
    {
        Command command = With(new Command(name, description), symbols);
        command.SetAction(async (parsed, cancellation) =>
        {
            Printer printer = context.Printer(parsed);
            using AtollClient client = context.Connect(parsed);
            T answer = await ask(client, parsed, cancellation).ConfigureAwait(false);
            printer.Print(answer, type, output => write(output, answer));
            return 0;
        });
        return command;
    }

    /// <summary>Shows a page, or all, of a list.</summary>
    /// <param name="context">Where the server and the terminal are.</param>
    /// <param name="description">One sentence.</param>
    /// <param name="filters">Options of the list's own.</param>
    /// <param name="ask">Fetches a page.</param>
    /// <param name="type">Of the page.</param>
    /// <param name="things">What is listed, in the plural.</param>
    /// <param name="heading">The names of the columns.</param>
    /// <param name="row">The columns of one thing.</param>
    public static Command List<TPage, T>(
        CommandContext context, string description, IEnumerable<Symbol> filters,
        Func<AtollClient, ParseResult, PageQuery, CancellationToken, Task<TPage>> ask, Func<CliJson, JsonTypeInfo<TPage>> type,
        string things, string[] heading, Func<T, string?[]> row, string name = "list")
        where TPage : Page<T>
    {
        Paging paging = new();
        Command command = With(new Command(name, description), filters);
        paging.AddTo(command);
        command.SetAction(async (parsed, cancellation) =>
        {
            Printer printer = context.Printer(parsed);
            using AtollClient client = context.Connect(parsed);
            TPage page = await paging.FetchAsync<TPage, T>(parsed, place => ask(client, parsed, place, cancellation)).ConfigureAwait(false);
            printer.Print(page, type, output =>
            {
                Table.Write(output, heading, page.Items.Select(item => row(item).Select(cell => cell ?? "").ToArray()));
                Paging.WriteRest(output, page.Pagination, things);
            });
            return 0;
        });
        return command;
    }

    /// <summary>Does something that has no answer but a sentence, which goes to standard error.</summary>
    public static Command Do(
        CommandContext context, string name, string description, IEnumerable<Symbol> symbols,
        Func<AtollClient, ParseResult, CancellationToken, Task<string>> act)
    {
        Command command = With(new Command(name, description), symbols);
        command.SetAction(async (parsed, cancellation) =>
        {
            using AtollClient client = context.Connect(parsed);
            context.Terminal.Error.WriteLine(Table.Plain(await act(client, parsed, cancellation).ConfigureAwait(false)));
            return 0;
        });
        return command;
    }

    public static Command WithAlias(this Command command, string alias)
    {
        command.Aliases.Add(alias);
        return command;
    }

    public static Command WithExamples(this Command command, CommandContext context, params string[] lines)
    {
        context.Examples.Add(command, lines);
        return command;
    }

    private static Command With(Command command, IEnumerable<Symbol> symbols)
    {
        foreach (Symbol symbol in symbols)
        {
            if (symbol is Argument argument)
            {
                command.Add(argument);
            }
            else if (symbol is Option option)
            {
                command.Add(option);
            }
        }
        return command;
    }
}
