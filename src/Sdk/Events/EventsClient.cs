using System.Globalization;
using System.Runtime.CompilerServices;
using System.Text.Json;
using Atoll.Sdk.Http;

namespace Atoll.Sdk;

/// <summary>Tells what happened to the caller's things, and what happens to them as it does.</summary>
public sealed class EventsClient
{
    private readonly Transport _transport;

    internal EventsClient(Transport transport) => _transport = transport;

    /// <summary>A part of what happened, also to what is gone.</summary>
    public Task<EventList> ListAsync(EventQuery? query = null, CancellationToken cancellation = default)
    {
        EventQuery wanted = query ?? new EventQuery();
        return _transport.SendAsync(
            ApiRequest.Get("v1/events" + ApiRequest.Query(
                ("since", Text(wanted.Since)), ("before", Text(wanted.Before)), ("type", wanted.Type), ("sandbox_id", wanted.SandboxId),
                ("start", ApiRequest.Time(wanted.Start)), ("end", ApiRequest.Time(wanted.End)), ("limit", Text(wanted.Limit)),
                ("order", wanted.OldestFirst is { } oldest ? oldest ? "asc" : "desc" : null))),
            SdkJson.Default.EventList, cancellation);
    }

    /// <summary>
    /// What happens from now on, in order, nothing twice, until the caller's token is cancelled. A connection that breaks,
    /// or a server that stops and starts again, is gone back to, and nothing is missed meanwhile but what the server tells
    /// as an <see cref="EventNews.Dropped"/>.
    /// </summary>
    /// <param name="since">The sequence of the last event seen, to go on behind it; 0 for all that is kept.</param>
    /// <param name="type">One type, or several with commas; <c>sandbox.*</c> for all of sandboxes.</param>
    /// <param name="sandboxId">Only of this sandbox.</param>
    /// <param name="cancellation">Ends it.</param>
    /// <exception cref="EventsFailedException">The server ended the stream for good, and says why.</exception>
    public async IAsyncEnumerable<EventNews> FollowAsync(
        long? since = null, string? type = null, string? sandboxId = null, [EnumeratorCancellation] CancellationToken cancellation = default)
    {
        string path = "v1/events/stream" + ApiRequest.Query(("since", Text(since)), ("type", type), ("sandbox_id", sandboxId));
        string? last = null;
        for (int failed = 0; ;)
        {
            await using (EventConnection connection = new(_transport, cancellation))
            {
                AtollException? broken = await connection.OpenAsync(path, last).ConfigureAwait(false);
                if (broken is not null && last is null && failed >= _transport.Options.MaxRetries)
                {
                    throw broken;
                }
                while (broken is null)
                {
                    (ServerEvent? source, broken) = await connection.ReadAsync().ConfigureAwait(false);
                    if (source is not { } item)
                    {
                        break;
                    }
                    failed = 0;
                    last = item.Id ?? last;
                    if (Read(item, out bool ends) is { } news)
                    {
                        yield return news;
                    }
                    if (ends)
                    {
                        break;
                    }
                }
            }
            TimeSpan pause = _transport.Retries.Next(Math.Min(++failed, Math.Max(1, _transport.Options.MaxRetries))) ?? _transport.Options.MaxRetryDelay;
            await Task.Delay(pause, _transport.Options.TimeProvider, cancellation).ConfigureAwait(false);
        }
    }

    /// <summary>Null for what only keeps the stream going.</summary>
    private static EventNews? Read(ServerEvent item, out bool ends)
    {
        ends = item.Name == "error";
        try
        {
            switch (item.Name)
            {
                case "ready" or "keepalive":
                    return null;
                case "dropped":
                    return JsonSerializer.Deserialize(item.Data.Span, SdkJson.Default.Dropped);
                case "error":
                    EventsFailure failure = JsonSerializer.Deserialize(item.Data.Span, SdkJson.Default.EventsFailure)!;
                    return failure.Code == "server_stopping" ? null : throw new EventsFailedException(failure.Code ?? "", failure.Message ?? "the stream of events failed");
                default:
                    return new EventNews.Happened(JsonSerializer.Deserialize(item.Data.Span, SdkJson.Default.AtollEvent)!);
            }
        }
        catch (JsonException exception)
        {
            throw new ProtocolException($"the server sent an event '{item.Name}' that is none", exception);
        }
    }

    private static string? Text(long? number) => number?.ToString(CultureInfo.InvariantCulture);
}

internal sealed record EventsFailure(string? Code, string? Message);
