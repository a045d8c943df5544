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

    private readonly Option<bool> _terminal = new("--tty", "-t") { Description = "On your terminal, as you would run it yourself" };

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
        Command command = new("exec", "Run a command in a sandbox") { exec._id, exec._command, exec._cwd, exec._timeout, exec._env, exec._terminal };
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
        if (parsed.GetValue(_terminal))
        {
            return await OnTerminalAsync(client, parsed.GetRequiredValue(_id), request, cancellation).ConfigureAwait(false);
        }
        ExecRun run = new(_context.Terminal, client, parsed.GetRequiredValue(_id), request);
        return await run.ToEndAsync(cancellation).ConfigureAwait(false);
    }

    private Task<int> OnTerminalAsync(AtollClient client, string id, ExecRequest request, CancellationToken cancellation) =>
        request.Timeout is not null
            ? throw new CliException("--timeout goes with commands that are not on your terminal: leave out -t")
            : new TerminalSession(_context.Terminal, client, id).RunAsync(
                new ProcessStart { Arguments = ["/bin/bash", "-c", request.Command], WorkingDirectory = request.Cwd ?? "/", Environment = request.Env },
                cancellation);
}
