using Atoll.Api.Http;
using Atoll.Api.Tenancy;
using Atoll.Domain;
using Atoll.Domain.Events;
using Atoll.Domain.Sandboxes;
using Atoll.Domain.Snapshots;
using Atoll.Domain.Tenancy;
using Microsoft.AspNetCore.Http;

namespace Atoll.Api.Dialects.ScaleBox;

/// <summary>Lists what happened.</summary>
internal sealed class ScaleBoxEvents(IEvents events, ScaleBoxReply reply)
{
    private const int StandardLimit = 100;

    private static readonly Dictionary<string, bool?> Orders = new(StringComparer.OrdinalIgnoreCase) { ["asc"] = false, ["desc"] = true };

    public async Task<IResult> ListAsync(HttpContext http, CancellationToken cancellation) =>
        Page(await events.ListAsync(http.Caller(), Query(http.Request.Query, Filter(http.Request.Query)), cancellation), IsDescending(http.Request.Query));

    public async Task<IResult> ListOfSandboxAsync(HttpContext http, CancellationToken cancellation)
    {
        EventFilter filter = Filter(http.Request.Query) with { Sandbox = ScaleBoxSandboxes.Id(http) };
        return Page(await events.ListAsync(http.Caller(), Query(http.Request.Query, filter), cancellation), IsDescending(http.Request.Query));
    }

    public static WireEvent Event(LoggedEvent logged)
    {
        NewEvent what = logged.What;
        string? sandbox = what.Sandbox is { } id ? ScaleBoxMapping.Id(id) : null;
        return new WireEvent(
            logged.Id, logged.Sequence, what.Type, logged.At.UtcDateTime, sandbox, Resource(what.Type, what.Subject),
            what.Owner.Value, what.Project ?? ProjectId.DefaultOf(what.Owner).Value, what.By, what.Reason,
            what.From is { } from ? ScaleBoxMapping.Status(from) : null, what.To is { } to ? ScaleBoxMapping.Status(to) : null, what.Data);
    }

    /// <summary>The id of what an event happened to, as this dialect spells it.</summary>
    /// <param name="type">Of the event, or only the noun of it.</param>
    public static string Resource(string type, string subject) => type.Split('.')[0] switch
    {
        "sandbox" when SandboxId.TryParse(subject, out SandboxId sandbox) => ScaleBoxMapping.Id(sandbox),
        "snapshot" when SnapshotId.TryParse(subject, out SnapshotId snapshot) => ScaleBoxSnapshots.Id(snapshot),
        _ => subject,
    };

    /// <summary>Reads <c>type</c> and <c>sandbox_id</c>.</summary>
    public static EventFilter Filter(IQueryCollection query) => new()
    {
        Types = QueryValues.Text(query, "type") is { } types ? Types(types.Split(',', StringSplitOptions.TrimEntries), "type") : [],
        Sandbox = QueryValues.Text(query, "sandbox_id") is { } sandbox
            ? ScaleBoxMapping.ParseId(sandbox) ?? throw Fault.NotFound("sandbox", sandbox).AsException()
            : null,
    };

    /// <summary>The types that words name: a type, or <c>sandbox.*</c> and the like for all of one kind.</summary>
    public static IReadOnlyList<string> Types(IEnumerable<string> words, string field) =>
        [.. words.SelectMany(word => Types(word, field)).Distinct()];

    private static string[] Types(string word, string field) => EventTypes.Named(word).ToArray() is { Length: > 0 } named
        ? named
        : throw Fault.Invalid(field, $"{field} must name types of events: {string.Join(", ", EventTypes.All)}, or sandbox.* and the like").AsException();

    private static EventQuery Query(IQueryCollection query, EventFilter filter)
    {
        (DateTimeOffset? start, DateTimeOffset? end) = ScaleBoxMetrics.Window(query);
        return new EventQuery
        {
            Filter = filter,
            Since = QueryValues.Long(query, "since"),
            Before = QueryValues.Long(query, "before"),
            Start = start,
            End = end,
            Limit = QueryValues.Int(query, "limit", StandardLimit, 1, EventQuery.MaxLimit),
            Descending = IsDescending(query),
        };
    }

    private static bool IsDescending(IQueryCollection query) =>
        QueryValues.Choice(query, "order", null, Orders) ?? QueryValues.Text(query, "since") is null;

    private IResult Page(EventPage page, bool descending)
    {
        long? next = page.HasMore ? page.Events[^1].Sequence : null;
        if (!descending && page.Events.Count > 0)
        {
            next = page.Events[^1].Sequence;
        }

        return reply.Data(new WireEvents([.. page.Events.Select(Event)], page.HasMore, next, page.Oldest, page.Newest));
    }
}
