using System.CommandLine;
using Atoll.Control.Tenancy;
using Atoll.Domain.Tenancy;

namespace Atoll.Server.Commands;

/// <summary><c>auth key</c> and <c>auth user</c>: manage keys and users in the store itself, also while a server runs on it.</summary>
internal static class AuthCommand
{
    public static Command Create() => new("auth", "Manage who may use the server")
    {
        new Command("key", "Manage API keys") { CreateKey(), ListKeys() },
        new Command("user", "Manage users") { CreateUser(), ListUsers(), SetRole(), SetActive("disable", false), SetActive("enable", true) },
    };

    private static Command CreateKey()
    {
        Option<string> data = ServerOptions.Data();
        Option<string> user = new("--user")
        {
            Description = "Owner of the key; made when there is none of that name",
            DefaultValueFactory = _ => "root",
        };
        Option<string> name = new("--name") { Description = "Name of the key", Required = true };
        Option<bool> replace = new("--replace") { Description = "Remove the owner's key of the same name first" };
        var command = new Command("create", "Make a key and print its secret") { data, user, name, replace };
        command.SetAction(parsed => OnStoreAsync(parsed.GetRequiredValue(data), async admin =>
        {
            User owner = await admin.EnsureUserAsync(parsed.GetRequiredValue(user));
            if (parsed.GetValue(replace))
            {
                await admin.RemoveKeyAsync(owner.Username, parsed.GetRequiredValue(name));
            }

            NewApiKey made = await admin.CreateKeyAsync(owner.Username, parsed.GetRequiredValue(name));
            Console.WriteLine(made.Secret);
        }));
        return command;
    }

    private static Command ListKeys()
    {
        Option<string> data = ServerOptions.Data();
        var command = new Command("list", "List the keys of all users, without their secrets") { data };
        command.SetAction(parsed => OnStoreAsync(parsed.GetRequiredValue(data), admin =>
        {
            Console.WriteLine($"{"ID",-30} {"USER",-16} {"NAME",-24} {"PREFIX",-12} {"ACTIVE",-6} CREATED");
            foreach ((User owner, ApiKey key) in admin.ListKeys())
            {
                Console.WriteLine(
                    $"{key.Id,-30} {owner.Username,-16} {key.Name,-24} {key.Prefix,-12} {(key.IsActive ? "yes" : "no"),-6} {key.CreatedAt:u}");
            }

            return Task.CompletedTask;
        }));
        return command;
    }

    private static Command CreateUser()
    {
        Option<string> data = ServerOptions.Data();
        Option<string> role = Role("Role of the user, if it is made now", "member");
        Argument<string> name = Name();
        var command = new Command("create", "Make a user, unless there is one of that name, and print its id") { name, data, role };
        command.SetAction(parsed => OnStoreAsync(parsed.GetRequiredValue(data), async admin => Console.WriteLine(
            (await admin.EnsureUserAsync(parsed.GetRequiredValue(name), Parse(parsed.GetRequiredValue(role)))).Id)));
        return command;
    }

    private static Command ListUsers()
    {
        Option<string> data = ServerOptions.Data();
        var command = new Command("list", "List all users") { data };
        command.SetAction(parsed => OnStoreAsync(parsed.GetRequiredValue(data), admin =>
        {
            Console.WriteLine($"{"ID",-30} {"USER",-24} {"ROLE",-7} {"ACTIVE",-6} {"WANTS PASSWORD",-14} CREATED");
            foreach (User user in admin.ListUsers())
            {
                Console.WriteLine(
                    $"{user.Id,-30} {user.Username,-24} {user.Role.ToString().ToLowerInvariant(),-7} {(user.IsActive ? "yes" : "no"),-6} "
                    + $"{(user.ResetRequestedAt is null ? "" : "yes"),-14} {user.CreatedAt:u}");
            }

            return Task.CompletedTask;
        }));
        return command;
    }

    private static Command SetRole()
    {
        Option<string> data = ServerOptions.Data();
        Argument<string> name = Name();
        Argument<string> role = new Argument<string>("role") { Description = $"One of {string.Join(", ", Roles)}" }.AcceptOnlyFromAmong(Roles);
        var command = new Command("role", "Give a user a role; a running server knows within seconds") { name, role, data };
        command.SetAction(parsed => OnStoreAsync(
            parsed.GetRequiredValue(data), admin => admin.SetRoleAsync(parsed.GetRequiredValue(name), Parse(parsed.GetRequiredValue(role)))));
        return command;
    }

    private static Command SetActive(string verb, bool isActive)
    {
        Option<string> data = ServerOptions.Data();
        Argument<string> name = Name();
        var command = new Command(verb, isActive ? "Let a user's keys authenticate again" : "Stop a user's keys from authenticating; its sandboxes go on") { name, data };
        command.SetAction(parsed => OnStoreAsync(
            parsed.GetRequiredValue(data), admin => admin.SetActiveAsync(parsed.GetRequiredValue(name), isActive)));
        return command;
    }

    private static readonly string[] Roles = [.. Enum.GetValues<Role>().Select(role => role.ToString().ToLowerInvariant())];

    private static Argument<string> Name() => new("username") { Description = "Name of the user" };

    private static Option<string> Role(string description, string standard) =>
        new Option<string>("--role") { Description = description, DefaultValueFactory = _ => standard }.AcceptOnlyFromAmong(Roles);

    private static Role Parse(string role) => Enum.Parse<Role>(role, ignoreCase: true);

    private static async Task<int> OnStoreAsync(string data, Func<TenancyAdmin, Task> act)
    {
        await using TenancyAdmin admin = TenancyAdmin.Open(Path.GetFullPath(data));
        await act(admin);
        return 0;
    }
}
