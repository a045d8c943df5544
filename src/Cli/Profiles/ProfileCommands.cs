using System.CommandLine;
using Atoll.Cli.Output;

namespace Atoll.Cli.Profiles;

/// <summary><c>atoll profile</c>: lists, chooses and removes profiles.</summary>
internal static class ProfileCommands
{
    public static Command Create(CommandContext context) => new("profile", "Servers and keys that the CLI remembers")
    {
        List(context), Use(context), Remove(context),
    };

    private static Command List(CommandContext context)
    {
        Command command = new("list", "List the profiles");
        command.Aliases.Add("ls");
        command.SetAction(parsed =>
        {
            Config config = context.ConfigFile.Read();
            List<ProfileView> views = [.. config.Profiles
                .OrderBy(pair => pair.Key, StringComparer.Ordinal)
                .Select(pair => new ProfileView(pair.Key, pair.Value.ServerUrl ?? Settings.DefaultServer, pair.Value.ApiKey is not null, pair.Key == config.CurrentProfile))];
            context.Printer(parsed).Print(views, json => json.ListProfileView, output => Table.Write(
                output, ["CURRENT", "NAME", "SERVER", "KEY"],
                views.Select(view => new[] { view.Current ? "*" : "", view.Name, view.ServerUrl, view.HasKey ? "yes" : "no" })));
        });
        return command;
    }

    private static Command Use(CommandContext context)
    {
        Argument<string> name = new("name") { Description = "The profile" };
        Command command = new("use", "Make a profile the current one") { name };
        command.SetAction(parsed =>
        {
            Config config = Existing(context, parsed.GetRequiredValue(name));
            context.ConfigFile.Write(config with { CurrentProfile = parsed.GetRequiredValue(name) });
            context.Terminal.Output.WriteLine($"Now using profile '{parsed.GetRequiredValue(name)}'.");
        });
        return command;
    }

    private static Command Remove(CommandContext context)
    {
        Argument<string> name = new("name") { Description = "The profile" };
        Command command = new("remove", "Forget a profile and its key") { name };
        command.Aliases.Add("rm");
        command.SetAction(parsed =>
        {
            string removed = parsed.GetRequiredValue(name);
            Config config = Existing(context, removed).Without(removed);
            string current = config.CurrentProfile == removed ? Config.DefaultProfile : config.CurrentProfile;
            context.ConfigFile.Write(config with { CurrentProfile = current });
            context.Terminal.Output.WriteLine($"Removed profile '{removed}'.");
        });
        return command;
    }

    private static Config Existing(CommandContext context, string name)
    {
        Config config = context.ConfigFile.Read();
        return config.Profiles.ContainsKey(name)
            ? config
            : throw new CliException($"there is no profile '{name}': see 'atoll profile list'");
    }
}

/// <summary>A profile as it is shown.</summary>
internal sealed record ProfileView(string Name, string ServerUrl, bool HasKey, bool Current);
