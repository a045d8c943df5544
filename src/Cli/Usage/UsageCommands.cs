using System.CommandLine;
using Atoll.Cli.Output;
using Atoll.Sdk;

namespace Atoll.Cli.Usage;

/// <summary><c>atoll usage</c>: what was used, and what may be.</summary>
internal static class UsageCommands
{
    public static Command Create(CommandContext context) => new("usage", "What was used, and what may be")
    {
        Report(context, "summary", "Totals of a span of time", (client, query, cancellation) => client.Usage.SummaryAsync(query, cancellation)),
        Report(context, "analytics", "How use went over a span of time", (client, query, cancellation) => client.Usage.AnalyticsAsync(query, cancellation)),
        Report(context, "sessions", "Running phases of sandboxes", (client, query, cancellation) => client.Usage.SessionsAsync(query, cancellation)),
        Report(context, "events", "What began and ended use", (client, query, cancellation) => client.Usage.EventsAsync(query, cancellation)),
        Verb.Show(
            context, "quotas", "What you may use, and how much of it you do", [],
            (client, _, cancellation) => client.Usage.QuotasAsync(cancellation), json => json.UsageReport, Write),
    };

    private static Command Report(
        CommandContext context, string name, string description, Func<AtollClient, UsageQuery, CancellationToken, Task<UsageReport>> ask)
    {
        Option<TimeSpan?> window = Spans.Option("--window", "How far back, such as 24h or 30d (default: the server's)");
        Option<string?> sandbox = new("--sandbox") { Description = "Only of this sandbox" };
        Option<string?> project = new("--project") { Description = "Only of this project, by name or id" };
        Option<int> page = new("--page") { Description = "The page, from 1", DefaultValueFactory = _ => 1 };
        Option<int> limit = new("--limit") { Description = "How many on a page", DefaultValueFactory = _ => 20 };
        return Verb.Show(
            context, name, description, [window, sandbox, project, page, limit],
            async (client, parsed, cancellation) => await ask(
                client,
                new UsageQuery
                {
                    Start = parsed.GetValue(window) is { } back ? context.Terminal.Time.GetUtcNow() - back : null,
                    SandboxId = parsed.GetValue(sandbox), Page = parsed.GetValue(page), Limit = parsed.GetValue(limit),
                    ProjectId = parsed.GetValue(project) is { } named ? await Names.ProjectAsync(client, named, cancellation).ConfigureAwait(false) : null,
                },
                cancellation).ConfigureAwait(false),
            json => json.UsageReport, Write).WithExamples(context, $"atoll usage {name} --window 7d");
    }

    private static void Write(TextWriter output, UsageReport report) => JsonView.Write(output, report.More ?? []);
}
