using System.CommandLine;
using Atoll.Cli.Output;
using Atoll.Sdk;

namespace Atoll.Cli.Snapshots;

/// <summary><c>atoll snapshot</c>: lists, shows and deletes snapshots, and how one looks.</summary>
internal static class SnapshotCommands
{
    private const string Noun = "snapshot";

    public static Command Create(CommandContext context)
    {
        Command command = new("snapshot", "Images of sandboxes, of which others are made")
        {
            List(context), Get(context), Delete(context),
        };
        command.Aliases.Add("snap");
        return command;
    }

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
        Paging paging = new();
        Option<string?> sandbox = new("--sandbox") { Description = "Only those of this sandbox" };
        Command command = new("list", "List your snapshots") { sandbox };
        paging.AddTo(command);
        command.SetAction(async (parsed, cancellation) =>
        {
            using AtollClient client = context.Connect(parsed);
            SnapshotQuery query = new() { SandboxId = parsed.GetValue(sandbox) };
            SnapshotPage page = await paging.FetchAsync<SnapshotPage, Snapshot>(
                parsed, place => client.Snapshots.ListAsync(query with { Page = place.Page, Limit = place.Limit }, cancellation)).ConfigureAwait(false);
            context.Printer(parsed).Print(page, json => json.SnapshotPage, output =>
            {
                Table.Write(
                    output, ["SNAPSHOT ID", "NAME", "SANDBOX", "TEMPLATE", "SIZE", "CREATED"],
                    page.Snapshots.Select(snapshot => new[]
                    {
                        snapshot.SnapshotId, snapshot.Name ?? "", snapshot.SandboxId ?? "", snapshot.TemplateName ?? snapshot.TemplateId ?? "",
                        Sizes.Text(snapshot.SizeBytes), Table.Time(snapshot.CreatedAt),
                    }));
                Paging.WriteRest(output, page.Pagination, "snapshots");
            });
            return 0;
        });
        return command;
    }

    private static Command Get(CommandContext context)
    {
        Argument<string> name = new(Noun) { Description = "Its name or id" };
        Command command = new("get", "Show a snapshot") { name };
        command.SetAction(async (parsed, cancellation) =>
        {
            using AtollClient client = context.Connect(parsed);
            string id = await Names.SnapshotAsync(client, parsed.GetRequiredValue(name), cancellation).ConfigureAwait(false);
            Snapshot snapshot = await client.Snapshots.GetAsync(id, cancellation).ConfigureAwait(false);
            context.Printer(parsed).Print(snapshot, json => json.Snapshot, output => WriteDetails(output, snapshot));
            return 0;
        });
        return command;
    }

    private static Command Delete(CommandContext context)
    {
        Command command = Several.Verb(
            context, "delete", "Delete snapshots; sandboxes that were made of them live on", Several.Ids(Noun, "Names or ids"),
            async (client, name, cancellation) =>
            {
                string id = await Names.SnapshotAsync(client, name, cancellation).ConfigureAwait(false);
                await client.Snapshots.DeleteAsync(id, cancellation).ConfigureAwait(false);
                return "deleted";
            });
        command.Aliases.Add("rm");
        return command;
    }
}
