using System.CommandLine;
using Atoll.Cli.Output;
using Atoll.Cli.Profiles;
using Atoll.Sdk;

namespace Atoll.Cli;

/// <summary>What a command works with: the terminal, the settings in force, a client and a way to print.</summary>
internal sealed class CommandContext(Terminal terminal, GlobalOptions options)
{
    public Terminal Terminal => terminal;

    /// <summary>What the commands' help shows of their use.</summary>
    public Examples Examples { get; } = new();

    public ConfigFile ConfigFile { get; } = new(terminal.Home);

    public Settings Settings(ParseResult parsed) =>
        Profiles.Settings.Resolve(ConfigFile.Read(), terminal.Environment, parsed.GetValue(options.Profile));

    /// <summary>The profile that the user names on this command line or in the environment; null for none.</summary>
    public string? NamedProfile(ParseResult parsed) =>
        Profiles.Settings.NamedProfile(terminal.Environment, parsed.GetValue(options.Profile));

    /// <summary>A client for the settings in force.</summary>
    /// <exception cref="CliException">There is no key, or the server's URL is none.</exception>
    public AtollClient Connect(ParseResult parsed, bool needsKey = true)
    {
        Settings settings = Settings(parsed);
        return needsKey && settings.ApiKey is null
            ? throw new CliException(
                $"no API key for {settings.ServerUrl} (profile '{settings.Profile}'): run 'atoll auth login' or set SCALEBOX_API_KEY")
            : Client(settings.ServerUrl, settings.ApiKey);
    }

    public static AtollClient Client(string serverUrl, string? apiKey)
    {
        bool valid = Uri.TryCreate(serverUrl, UriKind.Absolute, out Uri? url) && url.Scheme is "http" or "https";
        if (!valid)
        {
            throw new CliException($"the server URL '{serverUrl}' is not an http or https URL: correct SCALEBOX_SERVER_URL or 'atoll auth login --server-url'");
        }
        try
        {
            return new AtollClient(new AtollClientOptions { BaseUrl = url!, ApiKey = apiKey });
        }
        catch (ArgumentException exception)
        {
            throw new CliException(exception.Message);
        }
    }

    public Printer Printer(ParseResult parsed) => new(
        terminal.Output,
        OutputFormats.Resolve(parsed.GetValue(options.Output) ?? terminal.Environment("SCALEBOX_OUTPUT"), parsed.GetValue(options.Compact)));
}
