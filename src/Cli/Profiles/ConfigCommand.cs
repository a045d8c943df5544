using System.CommandLine;
using Atoll.Cli.Output;

namespace Atoll.Cli.Profiles;

/// <summary><c>atoll config</c>: shows what is in force and where it comes from.</summary>
internal static class ConfigCommand
{
    public static Command Create(CommandContext context)
    {
        Command command = new("config", "Show the settings in force");
        command.SetAction(parsed =>
        {
            Settings settings = context.Settings(parsed);
            ConfigView view = new(context.ConfigFile.Path, settings.Profile, settings.ServerUrl, Mask(settings.ApiKey));
            context.Printer(parsed).Print(view, json => json.ConfigView, output => Table.WriteFields(
                output, ("Config file", view.ConfigFile), ("Profile", view.Profile), ("Server", view.ServerUrl), ("API key", view.ApiKey)));
        });
        return command;
    }

    /// <summary>Enough of a key to tell it from another one.</summary>
    public static string Mask(string? key) => key switch
    {
        null => "(none)",
        { Length: < 16 } => "****",
        _ => key[..7] + "****",
    };
}

/// <summary>The settings in force, the key masked.</summary>
internal sealed record ConfigView(string ConfigFile, string Profile, string ServerUrl, string ApiKey);
