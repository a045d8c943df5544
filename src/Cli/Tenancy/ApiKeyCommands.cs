using System.CommandLine;
using Atoll.Cli.Output;
using Atoll.Sdk;

namespace Atoll.Cli.Tenancy;

/// <summary><c>atoll api-key</c>: the caller's API keys, by the server's API. <c>auth key</c> is the way on the server's own machine.</summary>
internal static class ApiKeyCommands
{
    private const string Noun = "api-key";

    public static Command Create(CommandContext context) => new(Noun, "API keys")
    {
        List(context), Get(context), Make(context), Update(context),
        SetActive(context, "enable", "Let API keys open things again", active: true),
        SetActive(context, "disable", "Keep API keys, and let them open nothing", active: false),
        Delete(context),
    };

    private static Argument<string> Name => new(Noun) { Description = "The key, by name or id" };

    private static Option<string?> Description => new("--description") { Description = "What it is for" };

    private static Command List(CommandContext context)
    {
        Option<string?> search = new("--search") { Description = "Only those whose name holds this" };
        return Verb.List<ApiKeyPage, ApiKey>(
            context, "List your API keys", [search],
            (client, parsed, place, cancellation) => client.ApiKeys.PageAsync(place, parsed.GetValue(search), cancellation),
            json => json.ApiKeyPage, "keys", ["KEY ID", "NAME", "PREFIX", "ACTIVE", "CREATED", "LAST USED"],
            key => [key.KeyId, key.Name, key.Prefix, key.IsActive ? "yes" : "no", Table.Time(key.CreatedAt), Table.Time(key.LastUsedAt)]);
    }

    private static Command Get(CommandContext context)
    {
        Argument<string> name = Name;
        return Verb.Show(
            context, "get", "Show an API key, without its secret", [name],
            async (client, parsed, cancellation) => await client.ApiKeys.GetAsync(
                await Names.ApiKeyAsync(client, parsed.GetRequiredValue(name), cancellation).ConfigureAwait(false), cancellation).ConfigureAwait(false),
            json => json.ApiKey, WriteDetails);
    }

    private static Command Make(CommandContext context)
    {
        Argument<string> name = new("name") { Description = "Unique among yours" };
        Option<string?> description = Description;
        return Verb.Show(
            context, "create", "Make an API key: its secret is shown only now", [name, description],
            (client, parsed, cancellation) => client.ApiKeys.CreateAsync(parsed.GetRequiredValue(name), parsed.GetValue(description), cancellation),
            json => json.ApiKey, WriteDetails).WithExamples(context, "atoll api-key create ci -o json-compact | jq -r .api_key");
    }

    private static Command Update(CommandContext context)
    {
        Argument<string> name = Name;
        Option<string?> newName = new("--name") { Description = "Its new name" };
        Option<string?> description = Description;
        return Verb.Show(
            context, "update", "Rename or describe an API key", [name, newName, description],
            async (client, parsed, cancellation) => await client.ApiKeys.UpdateAsync(
                await Names.ApiKeyAsync(client, parsed.GetRequiredValue(name), cancellation).ConfigureAwait(false),
                parsed.GetValue(newName), parsed.GetValue(description), cancellation).ConfigureAwait(false),
            json => json.ApiKey, WriteDetails);
    }

    private static Command SetActive(CommandContext context, string verb, string description, bool active) => Several.Verb(
        context, verb, description, Several.Ids(Noun, "Names or ids"),
        async (client, name, cancellation) =>
        {
            string id = await Names.ApiKeyAsync(client, name, cancellation).ConfigureAwait(false);
            await client.ApiKeys.SetActiveAsync(id, active, cancellation).ConfigureAwait(false);
            return active ? "active" : "inactive";
        });

    private static Command Delete(CommandContext context) => Several.Verb(
        context, "delete", "Delete API keys", Several.Ids(Noun, "Names or ids"),
        async (client, name, cancellation) =>
        {
            await client.ApiKeys.DeleteAsync(await Names.ApiKeyAsync(client, name, cancellation).ConfigureAwait(false), cancellation).ConfigureAwait(false);
            return "deleted";
        }).WithAlias("rm");

    private static void WriteDetails(TextWriter output, ApiKey key) => Table.WriteFields(
        output, ("Key ID", key.KeyId), ("Name", key.Name), ("Description", key.Description), ("Prefix", key.Prefix),
        ("Active", key.IsActive ? "yes" : "no"), ("Created", Table.Time(key.CreatedAt)), ("Last used", Table.Time(key.LastUsedAt)),
        // The third word, as ids are.
        ("API key", key.Secret));
}
