using System.CommandLine;
using Atoll.Cli.Sandboxes;
using Atoll.Sdk;

namespace Atoll.Cli.Processes;

/// <summary><c>atoll sandbox exec</c>: a command's output goes where it belongs, and its exit code becomes the CLI's.</summary>
internal sealed class ExecCommand
{
    private readonly CommandContext _context;
    private readonly Argument<string> _id = SandboxCommands.Id;

    private readonly Argument<string[]> _command = new("command")
    {
        Description = "Run by bash -c; several words are joined by spaces. Put -- before words that begin with a dash",
        Arity = ArgumentArity.OneOrMore,
    };

    private readonly Option<string?> _cwd = new("--cwd") { Description = "The working directory (default: /)" };
    private readonly Option<int?> _timeout = new("--timeout") { Description = "Kill it after so many seconds and return 124" };
    private readonly Option<string[]> _env = KeyValues.Option("--env", "An environment variable; may be repeated");

    private ExecCommand(CommandContext context) => _context = context;

    public static Command Create(CommandContext context)
    {
        ExecCommand exec = new(context);
        exec._env.Arity = ArgumentArity.ZeroOrMore;
        exec._timeout.Validators.Add(result =>
        {
            if (result.GetValueOrDefault<int?>() < 1)
            {
                result.AddError("--timeout must be at least 1 second");
            }
        });
        Command command = new("exec", "Run a command in a sandbox") { exec._id, exec._command, exec._cwd, exec._timeout, exec._env };
        command.SetAction(exec.RunAsync);
        return command;
    }

    private async Task<int> RunAsync(ParseResult parsed, CancellationToken cancellation)
    {
        ExecRequest request = new()
        {
            Command = string.Join(' ', parsed.GetRequiredValue(_command)),
            Cwd = parsed.GetValue(_cwd),
            Env = KeyValues.Parse(parsed.GetValue(_env)),
            Timeout = parsed.GetValue(_timeout),
        };
        using AtollClient client = _context.Connect(parsed);
        ExecRun run = new(_context.Terminal, client, parsed.GetRequiredValue(_id), request);
        return await run.ToEndAsync(cancellation).ConfigureAwait(false);
    }
}
