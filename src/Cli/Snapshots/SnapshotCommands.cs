using System.CommandLine;
using Atoll.Cli.Output;
using Atoll.Sdk;

namespace Atoll.Cli.Snapshots;

/// <summary><c>atoll snapshot</c>: lists, shows and deletes snapshots, and how one looks.</summary>
internal static class SnapshotCommands
{
    private const string Noun = "snapshot";

    public static Command Create(CommandContext context) => new Command(Noun, "Images of sandboxes, of which others are made")
    {
        List(context), Get(context), Delete(context),
    }.WithAlias("snap");

    public static void WriteDetails(TextWriter output, Snapshot snapshot) => Table.WriteFields(
        output,
        // The third word, as of a sandbox.
        ("Snapshot ID", snapshot.SnapshotId),
        ("Name", snapshot.Name),
        ("Sandbox", snapshot.SandboxId),
        ("Template", snapshot.TemplateName ?? snapshot.TemplateId),
        ("Size", Sizes.Text(snapshot.SizeBytes)),
        ("Created", Table.Time(snapshot.CreatedAt)));

    private static Command List(CommandContext context)
    {
        Option<string?> sandbox = new("--sandbox") { Description = "Only those of this sandbox" };
        return Verb.List<SnapshotPage, Snapshot>(
            context, "List your snapshots", [sandbox],
            (client, parsed, place, cancellation) => client.Snapshots.ListAsync(
                new SnapshotQuery { Page = place.Page, Limit = place.Limit, SandboxId = parsed.GetValue(sandbox) }, cancellation),
            json => json.SnapshotPage, "snapshots", ["SNAPSHOT ID", "NAME", "SANDBOX", "TEMPLATE", "SIZE", "CREATED"],
            snapshot =>
            [
                snapshot.SnapshotId, snapshot.Name, snapshot.SandboxId, snapshot.TemplateName ?? snapshot.TemplateId,
                Sizes.Text(snapshot.SizeBytes), Table.Time(snapshot.CreatedAt),
            ]);
    }

    private static Command Get(CommandContext context)
    {
        Argument<string> name = new(Noun) { Description = "Its name or id" };
        return Verb.Show(
            context, "get", "Show a snapshot", [name],
            async (client, parsed, cancellation) => await client.Snapshots.GetAsync(
                await Names.SnapshotAsync(client, parsed.GetRequiredValue(name), cancellation).ConfigureAwait(false), cancellation).ConfigureAwait(false),
            json => json.Snapshot, WriteDetails);
    }

    private static Command Delete(CommandContext context) => Several.Verb(
        context, "delete", "Delete snapshots; sandboxes that were made of them live on", Several.Ids(Noun, "Names or ids"),
        async (client, name, cancellation) =>
        {
            string id = await Names.SnapshotAsync(client, name, cancellation).ConfigureAwait(false);
            await client.Snapshots.DeleteAsync(id, cancellation).ConfigureAwait(false);
            return "deleted";
        }).WithAlias("rm");
}
