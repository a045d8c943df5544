using System.CommandLine;
using Atoll.Cli.Output;
using Atoll.Sdk;

namespace Atoll.Cli.Tenancy;

/// <summary><c>atoll user</c>: the user whose key is used, and for admins the others.</summary>
internal static class UserCommands
{
    private const string Noun = "user";

    public static Command Create(CommandContext context) => new(Noun, "You, and for admins the other users")
    {
        Me(context), UpdateMe(context), List(context), Get(context), Make(context), Update(context), Delete(context), ResetPassword(context),
    };

    private static Argument<string> Name => new(Noun) { Description = "The user, by name or id" };

    private static Command Me(CommandContext context) => Verb.Show(
        context, "me", "Show whose key is used", [], (client, _, cancellation) => client.Users.MeAsync(cancellation), json => json.User, WriteDetails);

    private static Command UpdateMe(CommandContext context)
    {
        Settings settings = new();
        return Verb.Show(
            context, "update-me", "Change what is known of you", settings.Own,
            (client, parsed, cancellation) => client.Users.UpdateMeAsync(settings.Read(parsed), cancellation), json => json.User, WriteDetails);
    }

    private static Command List(CommandContext context)
    {
        Option<string?> search = new("--search") { Description = "Only those whose name or address holds this" };
        return Verb.List<UserPage, User>(
            context, "List all users", [search],
            (client, parsed, place, cancellation) => client.Users.ListAsync(place, parsed.GetValue(search), cancellation),
            json => json.UserPage, "users", ["USER ID", "USERNAME", "EMAIL", "ROLE", "STATUS", "CREATED"],
            user => [user.UserId, user.Username, user.Email, user.Role, user.Status, Table.Time(user.CreatedAt)]);
    }

    private static Command Get(CommandContext context)
    {
        Argument<string> name = Name;
        return Verb.Show(
            context, "get", "Show a user", [name],
            async (client, parsed, cancellation) => await client.Users.GetAsync(
                await IdAsync(client, parsed, name, cancellation).ConfigureAwait(false), cancellation).ConfigureAwait(false),
            json => json.User, WriteDetails);
    }

    private static Command Make(CommandContext context)
    {
        Argument<string> name = new("username") { Description = "The name to sign in with" };
        Settings settings = new();
        settings.Email.Required = true;
        return Verb.Show(
            context, "create", "Make a user", [name, .. settings.All],
            (client, parsed, cancellation) => client.Users.CreateAsync(
                settings.Read(parsed) with { Username = parsed.GetRequiredValue(name), Password = settings.Password(parsed, context.Terminal) }, cancellation),
            json => json.User, WriteDetails).WithExamples(context, "atoll user create ada --email ada@example.org --role member");
    }

    private static Command Update(CommandContext context)
    {
        Argument<string> name = Name;
        Settings settings = new();
        return Verb.Show(
            context, "update", "Change a user; what is left out stays", [name, .. settings.Others],
            async (client, parsed, cancellation) => await client.Users.UpdateAsync(
                await IdAsync(client, parsed, name, cancellation).ConfigureAwait(false), settings.Read(parsed), cancellation).ConfigureAwait(false),
            json => json.User, WriteDetails).WithExamples(context, "atoll user update ada --role admin");
    }

    private static Command Delete(CommandContext context) => Several.Verb(
        context, "delete", "Delete users", Several.Ids(Noun, "Names or ids"),
        async (client, name, cancellation) =>
        {
            await client.Users.DeleteAsync(await Names.UserAsync(client, name, cancellation).ConfigureAwait(false), cancellation).ConfigureAwait(false);
            return "deleted";
        }).WithAlias("rm");

    private static Command ResetPassword(CommandContext context)
    {
        Argument<string> name = Name;
        return Verb.Do(
            context, "reset-password", "Give a user another password, which is read from standard input", [name],
            async (client, parsed, cancellation) =>
            {
                string id = await IdAsync(client, parsed, name, cancellation).ConfigureAwait(false);
                await client.Users.ResetPasswordAsync(id, Settings.ReadPassword(context.Terminal), cancellation).ConfigureAwait(false);
                return $"{parsed.GetRequiredValue(name)} has another password.";
            });
    }

    private static Task<string> IdAsync(AtollClient client, ParseResult parsed, Argument<string> name, CancellationToken cancellation) =>
        Names.UserAsync(client, parsed.GetRequiredValue(name), cancellation);

    private static void WriteDetails(TextWriter output, User user) => Table.WriteFields(
        output, ("User ID", user.UserId), ("Username", user.Username), ("Name", user.DisplayName), ("Email", user.Email), ("Role", user.Role),
        ("Status", user.Status), ("Created", Table.Time(user.CreatedAt)));

    private sealed class Settings
    {
        public Option<string?> Email { get; } = new("--email") { Description = "Where mail goes" };

        private readonly Option<string?> _display = new("--display-name") { Description = "The name to show" };
        private readonly Option<string?> _description = new("--description") { Description = "What the user does" };
        private readonly Option<string?> _role = new("--role") { Description = "viewer, member or admin" };
        private readonly Option<string?> _status = new("--status") { Description = "active or disabled" };
        private readonly Option<bool> _password = new("--password-stdin") { Description = "Read a password from standard input" };

        public IEnumerable<Symbol> Own => [_display, _description];

        public IEnumerable<Symbol> Others => [Email, _display, _description, _role, _status];

        public IEnumerable<Symbol> All => [Email, _display, _description, _role, _password];

        public UserSpec Read(ParseResult parsed) => new()
        {
            Email = Given(parsed, Email), DisplayName = Given(parsed, _display), Description = Given(parsed, _description),
            Role = Given(parsed, _role), Status = Given(parsed, _status),
        };

        public string? Password(ParseResult parsed, Terminal terminal) => parsed.GetValue(_password) ? ReadPassword(terminal) : null;

        public static string ReadPassword(Terminal terminal)
        {
            if (!terminal.InputIsTerminal)
            {
                return terminal.Input.ReadLine() ?? "";
            }
            terminal.Error.Write("Password: ");
            string typed = terminal.ReadSecret();
            terminal.Error.WriteLine();
            return typed;
        }

        private static string? Given(ParseResult parsed, Option<string?> option) => parsed.GetResult(option) is null ? null : parsed.GetValue(option);
    }
}
