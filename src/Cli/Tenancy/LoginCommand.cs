using System.CommandLine;
using Atoll.Cli.Output;
using Atoll.Cli.Profiles;
using Atoll.Sdk;

namespace Atoll.Cli.Tenancy;

/// <summary><c>atoll auth login</c>: checks a key with its server and keeps both in a profile.</summary>
internal sealed class LoginCommand
{
    private readonly CommandContext _context;

    private readonly Option<string?> _key = new("--api-key")
    {
        Description = "The key; '-' reads it from standard input. Without it you are asked, and nothing lands in the shell's history",
        HelpName = "key",
    };

    private readonly Option<string?> _server = new("--server-url", "--server")
    {
        Description = $"The server (SCALEBOX_SERVER_URL; default: {Settings.DefaultServer})",
        HelpName = "url",
    };

    private readonly Option<bool> _interactive = new("--interactive", "-i") { Description = "Ask for the server and the key" };

    private readonly Option<bool> _noBrowser = new("--no-browser") { Description = "Accepted; a browser is never opened", Hidden = true };

    private LoginCommand(CommandContext context) => _context = context;

    public static Command Create(CommandContext context)
    {
        LoginCommand login = new(context);
        Command command = new("login", "Check an API key and remember it") { login._key, login._server, login._interactive, login._noBrowser };
        command.SetAction(login.RunAsync);
        return command;
    }

    private async Task<int> RunAsync(ParseResult parsed, CancellationToken cancellation)
    {
        Config config = _context.ConfigFile.Read();
        string name = _context.NamedProfile(parsed) ?? config.CurrentProfile;
        string server = Server(parsed, config.Profiles.GetValueOrDefault(name)).TrimEnd('/');
        string key = Key(parsed);
        using AtollClient client = CommandContext.Client(server, key);
        User user = await client.Users.MeAsync(cancellation).ConfigureAwait(false);
        Profile profile = new() { ServerUrl = server, ApiKey = key };
        _context.ConfigFile.Write(config.With(name, profile) with { CurrentProfile = name });
        _context.Terminal.Output.WriteLine(
            $"Logged in to {server} as {Table.Plain(user.Username ?? user.UserId)} (profile '{name}').");
        return 0;
    }

    private string Server(ParseResult parsed, Profile? present)
    {
        string proposed = parsed.GetValue(_server)
            ?? _context.Terminal.Environment("SCALEBOX_SERVER_URL") ?? present?.ServerUrl ?? Settings.DefaultServer;
        if (!parsed.GetValue(_interactive))
        {
            return proposed;
        }
        _context.Terminal.Error.Write($"Server [{proposed}]: ");
        string? typed = _context.Terminal.Input.ReadLine()?.Trim();
        return string.IsNullOrEmpty(typed) ? proposed : typed;
    }

    private string Key(ParseResult parsed)
    {
        Terminal terminal = _context.Terminal;
        string? given = parsed.GetValue(_key);
        if (given is null or "-" && terminal.InputIsTerminal)
        {
            terminal.Error.Write("API key: ");
            given = terminal.ReadSecret();
            terminal.Error.WriteLine();
        }
        else if (given is null or "-")
        {
            given = terminal.Input.ReadLine();
        }
        return string.IsNullOrWhiteSpace(given)
            ? throw new CliException("no API key given: type it, pipe it in, or use --api-key", exitCode: 2)
            : given.Trim();
    }
}
