using System.CommandLine;
using Atoll.Cli.Output;
using Atoll.Cli.Profiles;
using Atoll.Cli.Server;
using Atoll.Sdk;

namespace Atoll.Cli.Tenancy;

/// <summary><c>atoll auth</c>: who the CLI is to the server.</summary>
internal static class AuthCommands
{
    public static Command Create(CommandContext context) => new("auth", "Log in, log out, and see who you are")
    {
        LoginCommand.Create(context), WhoAmI(context), Logout(context), ServerProgram.KeyCommand(context.Terminal),
    };

    private static Command WhoAmI(CommandContext context)
    {
        Command command = new("whoami", "Show whose key is used, and with which server");
        command.SetAction(async (parsed, cancellation) =>
        {
            Settings settings = context.Settings(parsed);
            using AtollClient client = context.Connect(parsed);
            User user = await client.Users.MeAsync(cancellation).ConfigureAwait(false);
            WhoAmI me = new(user.UserId, user.Username, user.DisplayName, user.Email, user.Role, settings.Profile, settings.ServerUrl);
            context.Printer(parsed).Print(me, json => json.WhoAmI, output => Table.WriteFields(
                output, ("User ID", me.UserId), ("Username", me.Username), ("Name", me.DisplayName), ("Email", me.Email),
                ("Role", me.Role), ("Profile", me.Profile), ("Server", me.ServerUrl)));
            return 0;
        });
        return command;
    }

    private static Command Logout(CommandContext context)
    {
        Command command = new("logout", "Forget the profile's key");
        command.SetAction(parsed =>
        {
            Config config = context.ConfigFile.Read();
            string name = context.NamedProfile(parsed) ?? config.CurrentProfile;
            if (!config.Profiles.TryGetValue(name, out Profile? profile) || profile.ApiKey is null)
            {
                throw new CliException($"profile '{name}' is not logged in");
            }
            context.ConfigFile.Write(config.With(name, profile with { ApiKey = null }));
            context.Terminal.Output.WriteLine($"Logged out of profile '{name}'.");
        });
        return command;
    }
}

/// <summary>The user, and how the CLI reaches the server as that user.</summary>
internal sealed record WhoAmI(
    string UserId, string? Username, string? DisplayName, string? Email, string? Role, string Profile, string ServerUrl);
