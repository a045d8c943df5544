using System.CommandLine;
using Atoll.Cli.Output;
using Atoll.Sdk;

namespace Atoll.Cli.Templates;

/// <summary><c>atoll template document</c>: what is written about a template, in Markdown.</summary>
internal static class TemplateDocumentCommands
{
    private const int MostBytes = 65_535;

    public static Command Create(CommandContext context) => new("document", "What is written about a template, in Markdown")
    {
        Get(context), Download(context), Set(context), Clear(context),
    };

    /// <summary>Where a text goes. Takes the place of the global <c>-o</c>, which such a text has no use for.</summary>
    public static Option<string> File => new("--output", "-o")
    {
        Description = "The file to write; '-' for standard output", HelpName = "file", DefaultValueFactory = _ => "-",
    };

    public static async Task WriteAsync(Terminal terminal, string file, string text, CancellationToken cancellation)
    {
        string whole = text.EndsWith('\n') ? text : text + "\n";
        if (file == "-")
        {
            await terminal.Output.WriteAsync(whole).ConfigureAwait(false);
            return;
        }
        try
        {
            await System.IO.File.WriteAllTextAsync(file, whole, cancellation).ConfigureAwait(false);
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            throw new CliException($"cannot write {file}: {exception.Message}");
        }
    }

    private static Command Get(CommandContext context)
    {
        Argument<string> name = TemplateCommands.Name;
        Option<bool> raw = new("--raw") { Description = "Accepted: the text is always shown as it is", Hidden = true };
        return Verb.Show(
            context, "get", "Show it", [name, raw],
            async (client, parsed, cancellation) => await client.Templates.DocumentAsync(
                await TemplateCommands.IdAsync(client, parsed, name, cancellation).ConfigureAwait(false), cancellation).ConfigureAwait(false),
            json => json.TemplateDocument, (output, document) => output.WriteLine(document.Text));
    }

    private static Command Download(CommandContext context)
    {
        Argument<string> name = TemplateCommands.Name;
        Option<string> file = File;
        Command command = new("download", "Write it to a file") { name, file };
        command.SetAction(async (parsed, cancellation) =>
        {
            using AtollClient client = context.Connect(parsed);
            TemplateDocument document = await client.Templates.DocumentAsync(
                await TemplateCommands.IdAsync(client, parsed, name, cancellation).ConfigureAwait(false), cancellation).ConfigureAwait(false);
            if (string.IsNullOrEmpty(document.Text))
            {
                throw new CliException($"nothing is written about template '{parsed.GetRequiredValue(name)}': 'atoll template document set' changes that");
            }
            await WriteAsync(context.Terminal, parsed.GetRequiredValue(file), document.Text, cancellation).ConfigureAwait(false);
            return 0;
        });
        return command;
    }

    private static Command Set(CommandContext context)
    {
        Argument<string> name = TemplateCommands.Name;
        Option<string> file = new("--file", "-f") { Description = "The Markdown; '-' reads it from standard input", Required = true };
        return Verb.Do(context, "set", "Write it anew, of a file", [name, file], async (client, parsed, cancellation) =>
        {
            string text = Read(context.Terminal, parsed.GetRequiredValue(file));
            await client.Templates.SetDocumentAsync(
                await TemplateCommands.IdAsync(client, parsed, name, cancellation).ConfigureAwait(false), text, cancellation).ConfigureAwait(false);
            return "The document is set.";
        });
    }

    private static Command Clear(CommandContext context)
    {
        Argument<string> name = TemplateCommands.Name;
        return Verb.Do(context, "clear", "Take it away", [name], async (client, parsed, cancellation) =>
        {
            await client.Templates.ClearDocumentAsync(
                await TemplateCommands.IdAsync(client, parsed, name, cancellation).ConfigureAwait(false), cancellation).ConfigureAwait(false);
            return "The document is gone.";
        });
    }

    private static string Read(Terminal terminal, string file)
    {
        if (file == "-")
        {
            return terminal.Input.ReadToEnd();
        }
        try
        {
            return new FileInfo(file).Length > MostBytes
                ? throw new CliException($"{file} is longer than {MostBytes} bytes, which is the most that a template's document may have")
                : System.IO.File.ReadAllText(file);
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            throw new CliException($"cannot read {file}: {exception.Message}");
        }
    }
}
