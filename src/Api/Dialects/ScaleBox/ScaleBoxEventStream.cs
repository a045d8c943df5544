using System.Globalization;
using Atoll.Api.Http;
using Atoll.Api.Tenancy;
using Atoll.Domain;
using Atoll.Domain.Events;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace Atoll.Api.Dialects.ScaleBox;

/// <summary>
/// Streams events as they are committed, as server-sent events. A client that comes back says with <c>Last-Event-ID</c> what it
/// saw last and misses nothing, also when the server was stopped meanwhile; one that takes nothing is cut off.
/// </summary>
/// <remarks>
/// <code>
///   ready, (TYPE | dropped | keepalive)*, error
/// </code>
/// The id of an event is its sequence. <c>dropped</c> says which events are kept no more that the client has not seen.
/// </remarks>
internal sealed partial class ScaleBoxEventStream(
    IEvents events, ApiOptions options, IHostApplicationLifetime server, TimeProvider time, ILogger<ScaleBoxEventStream> log)
{
    public async Task<IResult> StreamAsync(HttpContext http, CancellationToken cancellation)
    {
        long? since = Since(http.Request);
        using var until = CancellationTokenSource.CreateLinkedTokenSource(cancellation, server.ApplicationStopping);
        IAsyncEnumerable<EventNews> news = events.FollowAsync(http.Caller(), ScaleBoxEvents.Filter(http.Request.Query), since, until.Token);
        EventStream stream = EventStream.Open(http, options.StalledReader, time);
        try
        {
            await RelayAsync(news, stream, until.Token);
        }
        catch (OperationCanceledException) when (server.ApplicationStopping.IsCancellationRequested && !cancellation.IsCancellationRequested)
        {
            await ErrorAsync(stream, new WireEventsError("server_stopping", "the server stops: follow again with Last-Event-ID when it is back"));
        }
        catch (Exception e) when (!http.RequestAborted.IsCancellationRequested)
        {
            LogBroken(e, http.TraceIdentifier);
            Fault fault = (e as FaultException)?.Fault ?? new Fault(FaultCode.Internal, e.Message);
            await ErrorAsync(stream, new WireEventsError(ScaleBoxFaults.Of(fault.Code).Code, ScaleBoxFaults.Words(http, fault)));
        }

        return Results.Empty;
    }

    private static long? Since(HttpRequest request)
    {
        string? seen = request.Headers["Last-Event-ID"];
        if (string.IsNullOrEmpty(seen))
        {
            return QueryValues.Long(request.Query, "since");
        }

        return long.TryParse(seen, NumberStyles.None, CultureInfo.InvariantCulture, out long id)
            ? id
            : throw Fault.Invalid("Last-Event-ID", "Last-Event-ID must be the id of an event of this stream, which is a number").AsException();
    }

    private async Task RelayAsync(IAsyncEnumerable<EventNews> news, EventStream stream, CancellationToken cancellation)
    {
        await using IAsyncEnumerator<EventNews> source = news.GetAsyncEnumerator(cancellation);
        while (await NextAsync(source, stream))
        {
            await WriteAsync(stream, source.Current);
        }
    }

    /// <summary>Waits for news, saying every now and then that the stream still lives.</summary>
    private async Task<bool> NextAsync(IAsyncEnumerator<EventNews> source, EventStream stream)
    {
        Task<bool> next = source.MoveNextAsync().AsTask();
        while (!next.IsCompleted)
        {
            using var silence = new CancellationTokenSource();
            Task pause = Task.Delay(options.KeepAlive, time, silence.Token);
            if (await Task.WhenAny(next, pause) == pause)
            {
                try
                {
                    await stream.WriteAsync("keepalive", new WireEventsKeepalive(time.GetUtcNow().UtcDateTime), ScaleBoxJson.Of<WireEventsKeepalive>());
                }
                catch
                {
                    // The enumerator may be disposed of only when it is at rest; the request's token ends its wait.
                    await Task.WhenAny(next);
                    throw;
                }
            }

            await silence.CancelAsync();
        }

        return await next;
    }

    private static Task WriteAsync(EventStream stream, EventNews news) => news switch
    {
        EventNews.Began began => stream.WriteAsync("ready", new WireEventsReady(began.Since), ScaleBoxJson.Of<WireEventsReady>(), Text(began.Since)),
        EventNews.Happened { Event: { } happened } => stream.WriteAsync(
            happened.What.Type, ScaleBoxEvents.Event(happened), ScaleBoxJson.Of<WireEvent>(), Text(happened.Sequence)),
        EventNews.Dropped gone => stream.WriteAsync(
            "dropped", new WireEventsDropped(gone.From, gone.To), ScaleBoxJson.Of<WireEventsDropped>(), Text(gone.To)),
        _ => throw new ArgumentOutOfRangeException(nameof(news), news, "not a member of the closed hierarchy"),
    };

    private static Task ErrorAsync(EventStream stream, WireEventsError error) =>
        stream.WriteAsync("error", error, ScaleBoxJson.Of<WireEventsError>());

    private static string Text(long number) => number.ToString(CultureInfo.InvariantCulture);

    [LoggerMessage(Level = LogLevel.Error, Message = "The event stream of request {RequestId} broke")]
    private partial void LogBroken(Exception e, string requestId);
}
