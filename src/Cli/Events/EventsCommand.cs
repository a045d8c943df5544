using System.CommandLine;
using System.Globalization;
using Atoll.Cli.Output;
using Atoll.Sdk;

namespace Atoll.Cli.Events;

/// <summary><c>atoll events</c>: what happened, and with <c>--follow</c> what happens.</summary>
internal sealed class EventsCommand
{
    private const int MostAtOnce = 500;

    private readonly CommandContext _context;
    private readonly Option<bool> _follow = new("--follow", "-f") { Description = "Go on with what happens, until Ctrl-C" };
    private readonly Option<string?> _since = new("--since") { Description = "From so long ago, such as 10m, or behind the event of this number; 0 for all that is kept" };
    private readonly Option<string?> _type = new("--type") { Description = "One type or several with commas; 'sandbox.*' for all of sandboxes" };
    private readonly Option<string?> _sandbox = new("--sandbox") { Description = "Only of this sandbox" };
    private readonly Option<int> _limit = new("--limit") { Description = "The latest so many, without --since", DefaultValueFactory = _ => 20 };

    private EventsCommand(CommandContext context) => _context = context;

    public static Command Create(CommandContext context)
    {
        EventsCommand events = new(context);
        Command command = new("events", "Show what happened to your sandboxes, templates and snapshots")
        {
            events._follow, events._since, events._type, events._sandbox, events._limit,
        };
        command.SetAction(events.RunAsync);
        return command.WithExamples(
            context, "atoll events --follow", "atoll events --since 1h --type sandbox.failed,sandbox.terminated",
            "atoll events --sandbox sbx-... --since 0 -o json-compact");
    }

    private async Task<int> RunAsync(ParseResult parsed, CancellationToken cancellation)
    {
        Printer printer = _context.Printer(parsed);
        string? since = parsed.GetValue(_since);
        bool follow = parsed.GetValue(_follow);
        EventQuery query = Query(parsed, since);
        using AtollClient client = _context.Connect(parsed);
        long? seen = query.Since;
        if (!follow || since is not null && seen is null)
        {
            seen = await ListAsync(client, query, printer, eachAlone: follow, cancellation).ConfigureAwait(false);
        }
        if (!follow)
        {
            return 0;
        }
        await foreach (EventNews news in client.Events.FollowAsync(seen, query.Type, query.SandboxId, cancellation).ConfigureAwait(false))
        {
            switch (news)
            {
                case EventNews.Happened happened:
                    printer.Print(happened.Event, json => json.AtollEvent, output => Write(output, happened.Event));
                    break;
                case EventNews.Dropped gap:
                    _context.Terminal.Error.WriteLine($"Warning: events {gap.From} to {gap.To} are not kept any more.");
                    break;
            }
        }
        return 0;
    }

    private EventQuery Query(ParseResult parsed, string? since)
    {
        EventQuery query = new() { Type = parsed.GetValue(_type), SandboxId = parsed.GetValue(_sandbox), Limit = parsed.GetValue(_limit) };
        if (since is null)
        {
            return query;
        }
        query = query with { OldestFirst = true, Limit = MostAtOnce };
        return long.TryParse(since, NumberStyles.None, CultureInfo.InvariantCulture, out long sequence)
            ? query with { Since = sequence }
            : Spans.TryParse(since, out TimeSpan span)
                ? query with { Start = _context.Terminal.Time.GetUtcNow() - span }
                : throw new CliException("--since wants a span of time such as 10m, or the number of an event", exitCode: 2);
    }

    /// <summary>Shows them oldest first, part by part; as JSON, unless more are to follow, as one list.</summary>
    /// <returns>The sequence to follow behind.</returns>
    private static async Task<long> ListAsync(AtollClient client, EventQuery query, Printer printer, bool eachAlone, CancellationToken cancellation)
    {
        bool together = printer.IsJson && !eachAlone;
        List<AtollEvent> all = [];
        long? last = null;
        EventList part;
        do
        {
            part = await client.Events.ListAsync(query, cancellation).ConfigureAwait(false);
            foreach (AtollEvent happened in part.Events.OrderBy(happened => happened.Sequence))
            {
                last = happened.Sequence;
                if (together)
                {
                    all.Add(happened);
                    continue;
                }
                printer.Print(happened, json => json.AtollEvent, output => Write(output, happened));
            }
            query = query with { Since = part.Next };
        }
        while (query.OldestFirst is true && part is { HasMore: true, Next: not null, Events.Count: > 0 });
        if (together)
        {
            printer.Print(part with { Events = all }, json => json.EventList, _ => { });
        }
        return last ?? part.NewestSequence;
    }

    private static void Write(TextWriter output, AtollEvent happened)
    {
        string states = (happened.FromStatus, happened.ToStatus) switch
        {
            (null, null) => "",
            (null, { } to) => to,
            ({ } from, null) => from,
            var (from, to) when from == to => from,
            var (from, to) => $"{from} -> {to}",
        };
        string line = string.Join("  ",
            happened.Sequence.ToString(CultureInfo.InvariantCulture).PadLeft(6), Table.Time(happened.Timestamp), happened.Type.PadRight(24),
            (happened.ResourceId ?? happened.SandboxId ?? "").PadRight(30), states.PadRight(22), happened.By, happened.Reason);
        output.WriteLine(Table.Plain(line).TrimEnd());
    }
}
