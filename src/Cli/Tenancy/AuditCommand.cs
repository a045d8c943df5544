using System.CommandLine;
using Atoll.Cli.Output;
using Atoll.Sdk;

namespace Atoll.Cli.Tenancy;

/// <summary><c>atoll audit</c>: who changed what.</summary>
internal static class AuditCommand
{
    public static Command Create(CommandContext context)
    {
        Option<string?> user = new("--user") { Description = "Only what this user did, by name or id" };
        Option<string?> action = new("--action") { Description = "Only this" };
        Option<TimeSpan?> since = Spans.Option("--since", "How far back, such as 24h or 7d");
        return Verb.List<AuditPage, AuditEntry>(
            context, "Show who changed what", [user, action, since],
            async (client, parsed, place, cancellation) => await client.Audit.ListAsync(
                new AuditQuery
                {
                    Page = place.Page, Limit = place.Limit, Action = parsed.GetValue(action),
                    UserId = parsed.GetValue(user) is { } name ? await Names.UserAsync(client, name, cancellation).ConfigureAwait(false) : null,
                    Start = parsed.GetValue(since) is { } back ? context.Terminal.Time.GetUtcNow() - back : null,
                },
                cancellation).ConfigureAwait(false),
            json => json.AuditPage, "entries", ["TIME", "USER", "ACTION", "RESOURCE", "STATUS"],
            entry => [Table.Time(entry.At), entry.UserId, entry.Action, entry.ResourceId, $"{entry.StatusCode}"], name: "audit")
            .WithExamples(context, "atoll audit --since 24h --user ada");
    }
}
