using System.CommandLine;
using Atoll.Control.Tenancy;
using Atoll.Domain.Tenancy;

namespace Atoll.Server.Commands;

/// <summary><c>auth key</c>: makes and lists API keys in the store itself, also while a server runs on it.</summary>
internal static class AuthCommand
{
    public static Command Create() => new("auth", "Manage who may use the server")
    {
        new Command("key", "Manage API keys") { CreateKey(), ListKeys() },
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

    private static async Task<int> OnStoreAsync(string data, Func<TenancyAdmin, Task> act)
    {
        await using TenancyAdmin admin = TenancyAdmin.Open(Path.GetFullPath(data));
        await act(admin);
        return 0;
    }
}
