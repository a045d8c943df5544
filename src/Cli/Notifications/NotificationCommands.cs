using System.CommandLine;
using Atoll.Cli.Output;
using Atoll.Sdk;

namespace Atoll.Cli.Notifications;

/// <summary><c>atoll notification</c>: what the user must know of and was not there to see.</summary>
internal static class NotificationCommands
{
    private const string Noun = "notification";

    public static Command Create(CommandContext context) => new(Noun, "What you must know of and were not there to see")
    {
        List(context), Get(context), Mark(context, "read", read: true), Mark(context, "unread", read: false),
        MarkAll(context, "read-all", read: true), MarkAll(context, "unread-all", read: false), Delete(context),
    };

    private static Command List(CommandContext context)
    {
        Option<bool> unread = new("--unread") { Description = "Only those that are not read" };
        Option<string?> type = new("--type") { Description = "Only those of this type" };
        return Verb.List<NotificationPage, Notification>(
            context, "List your notifications", [unread, type],
            (client, parsed, place, cancellation) => client.Notifications.ListAsync(
                new NotificationQuery
                {
                    Page = place.Page, Limit = place.Limit, IsRead = parsed.GetValue(unread) ? false : null, Type = parsed.GetValue(type),
                },
                cancellation),
            json => json.NotificationPage, "notifications", ["NOTIFICATION ID", "READ", "CREATED", "TYPE", "TITLE"],
            notification =>
            [
                notification.Id, notification.IsRead ? "yes" : "no", Table.Time(notification.CreatedAt), notification.Type, notification.Title,
            ]);
    }

    private static Command Get(CommandContext context)
    {
        Argument<string> id = new($"{Noun}-id") { Description = "The notification, ntf-…" };
        return Verb.Show(
            context, "get", "Show a notification", [id],
            (client, parsed, cancellation) => client.Notifications.GetAsync(parsed.GetRequiredValue(id), cancellation),
            json => json.Notification, (output, notification) => Table.WriteFields(
                output, ("Notification ID", notification.Id), ("Title", notification.Title), ("Message", notification.Message),
                ("Type", notification.Type), ("About", notification.RelatedEntityId), ("Read", notification.IsRead ? "yes" : "no"),
                ("Created", Table.Time(notification.CreatedAt))));
    }

    private static Command Mark(CommandContext context, string verb, bool read) => Several.Verb(
        context, verb, $"Mark notifications as {verb}", Several.Ids($"{Noun}-id", "The notifications, ntf-…"),
        async (client, id, cancellation) =>
        {
            await client.Notifications.MarkAsync(id, read, cancellation).ConfigureAwait(false);
            return verb;
        });

    private static Command MarkAll(CommandContext context, string verb, bool read) => Verb.Do(
        context, verb, $"Mark all notifications as {(read ? "read" : "unread")}", [],
        async (client, _, cancellation) =>
        {
            await client.Notifications.MarkAllAsync(read, cancellation).ConfigureAwait(false);
            return $"All are {(read ? "read" : "unread")}.";
        });

    private static Command Delete(CommandContext context)
    {
        Argument<string[]> ids = new($"{Noun}-id") { Description = "The notifications, ntf-…", Arity = ArgumentArity.ZeroOrMore };
        Option<bool> all = new("--all") { Description = "All of them" };
        Command command = new("delete", "Delete notifications") { ids, all };
        command.SetAction(async (parsed, cancellation) =>
        {
            string[] named = parsed.GetValue(ids) ?? [];
            if (named.Length == 0 != parsed.GetValue(all))
            {
                throw new CliException("say which to delete: ids, or --all", exitCode: 2);
            }
            Printer printer = context.Printer(parsed);
            using AtollClient client = context.Connect(parsed);
            if (named.Length == 0)
            {
                await client.Notifications.DeleteAllAsync(cancellation).ConfigureAwait(false);
                context.Terminal.Error.WriteLine("All are deleted.");
                return 0;
            }
            List<Outcome> outcomes = await Several.DoAsync(named, Noun, async id =>
            {
                await client.Notifications.DeleteAsync(id, cancellation).ConfigureAwait(false);
                return "deleted";
            }).ConfigureAwait(false);
            printer.Print(outcomes, json => json.ListOutcome, output => Several.Write(output, outcomes));
            return Several.Complain(context.Terminal, outcomes);
        });
        return command.WithAlias("rm");
    }
}
