using System.CommandLine;
using Atoll.Cli.Sandboxes;
using Atoll.Sdk;

namespace Atoll.Cli.Code;

/// <summary><c>atoll sandbox run-code</c>: runs code in a kernel of the sandbox and shows what it says as it comes.</summary>
internal sealed class RunCodeCommand
{
    private readonly CommandContext _context;
    private readonly Argument<string> _id = SandboxCommands.Id;

    private readonly Argument<string?> _code = new("code")
    {
        Description = "The code; - or nothing reads it from standard input", Arity = ArgumentArity.ZeroOrOne,
    };

    private readonly Option<string?> _file = new("--file") { Description = "Read the code from a file here" };
    private readonly Option<string?> _language = new("--language", "-l") { Description = "python, javascript, typescript, r, java or bash (default: python)" };
    private readonly Option<string?> _contextId = new("--context") { Description = "A context made before (default: the language's own, which keeps its state)" };
    private readonly Option<string[]> _env = KeyValues.Option("--env", "An environment variable for this run; may be repeated");
    private readonly Option<string?> _save = new("--save") { Description = "A directory for pictures and documents that the code shows" };

    private RunCodeCommand(CommandContext context) => _context = context;

    public static Command Create(CommandContext context)
    {
        RunCodeCommand run = new(context);
        run._env.Arity = ArgumentArity.ZeroOrMore;
        Command command = new("run-code", "Run code in a sandbox of a template with kernels, such as code-interpreter")
        {
            run._id, run._code, run._file, run._language, run._contextId, run._env, run._save,
        };
        command.SetAction(run.RunAsync);
        return command;
    }

    /// <returns>0, or 1 when the code failed.</returns>
    private async Task<int> RunAsync(ParseResult parsed, CancellationToken cancellation)
    {
        RunCodeRequest request = new()
        {
            Code = await CodeAsync(parsed, cancellation).ConfigureAwait(false),
            Language = parsed.GetValue(_language),
            ContextId = parsed.GetValue(_contextId),
            Environment = KeyValues.Parse(parsed.GetValue(_env)),
        };
        using AtollClient client = _context.Connect(parsed);
        ResultWriter results = new(_context.Terminal, parsed.GetValue(_save));
        int code = 0;
        await foreach (CodeEvent happened in client.Code.RunAsync(parsed.GetRequiredValue(_id), request, cancellation).ConfigureAwait(false))
        {
            switch (happened)
            {
                case CodeEvent.Output output:
                    TextWriter writer = output.IsError ? _context.Terminal.Error : _context.Terminal.Output;
                    await writer.WriteAsync(output.Text).ConfigureAwait(false);
                    break;
                case CodeEvent.Result result:
                    await results.WriteAsync(result.Value, cancellation).ConfigureAwait(false);
                    break;
                case CodeEvent.Failed failed:
                    _context.Terminal.Error.WriteLine(failed.Traceback.Length > 0 ? failed.Traceback : $"{failed.Name}: {failed.Value}");
                    code = 1;
                    break;
            }
        }
        return code;
    }

    private async Task<string> CodeAsync(ParseResult parsed, CancellationToken cancellation)
    {
        string? given = parsed.GetValue(_code), file = parsed.GetValue(_file);
        if (file is not null)
        {
            return given is null && File.Exists(file)
                ? await File.ReadAllTextAsync(file, cancellation).ConfigureAwait(false)
                : throw new CliException(given is null ? $"there is no file '{file}'" : "give the code or --file, not both");
        }
        return given is null or "-" ? await _context.Terminal.Input.ReadToEndAsync(cancellation).ConfigureAwait(false) : given;
    }
}
