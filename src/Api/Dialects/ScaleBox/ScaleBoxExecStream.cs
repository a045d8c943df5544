using System.Globalization;
using Atoll.Api.Http;
using Atoll.Api.Tenancy;
using Atoll.Domain;
using Atoll.Domain.Processes;
using Atoll.Domain.Sandboxes;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace Atoll.Api.Dialects.ScaleBox;

/// <summary>
/// Streams a run's output as server-sent events. A client that goes away leaves the command running; one that comes
/// back gets the kept output from its start, or, with <c>Last-Event-ID</c>, from behind the last event that it saw.
/// </summary>
/// <remarks>
/// <code>
///   ready, start, (stdout | stderr | dropped | keepalive)*, end | error
/// </code>
/// The id of an event is <c>RUN-NEXT</c>: when the run was started, in Unix milliseconds, and the number of the byte
/// that comes next. An id of another run is ignored, so a new run is seen from its start.
/// </remarks>
internal sealed partial class ScaleBoxExecStream(
    IExecutions executions, ApiOptions options, IHostApplicationLifetime server, TimeProvider time, ILogger<ScaleBoxExecStream> log)
{
    public async Task<IResult> StreamAsync(HttpContext http, CancellationToken cancellation)
    {
        SandboxId id = ScaleBoxSandboxes.Id(http);
        ExecutionStream run = await executions.AttachAsync(http.Caller(), id, cancellation);
        var cursor = Cursor.Of(run.Execution, http.Request.Headers["Last-Event-ID"]);
        EventStream events = EventStream.Open(http, options.StalledReader, time);
        await events.WriteAsync(
            "ready",
            new WireExecReady(ScaleBoxMapping.Id(id), run.Execution.StartedAt.UtcDateTime),
            ScaleBoxJson.Of<WireExecReady>());
        await events.WriteAsync("start", new WireExecStart(run.Execution.Pid), ScaleBoxJson.Of<WireExecStart>());
        try
        {
            using var until = CancellationTokenSource.CreateLinkedTokenSource(cancellation, server.ApplicationStopping);
            await RelayAsync(run, cursor, events, until.Token);
        }
        catch (OperationCanceledException) when (server.ApplicationStopping.IsCancellationRequested && !cancellation.IsCancellationRequested)
        {
            var stopping = new WireExecError("server_stopping", "the server stops; the command runs on: attach again with Last-Event-ID when it is back");
            await events.WriteAsync("error", stopping, ScaleBoxJson.Of<WireExecError>());
        }
        catch (Exception e) when (!http.RequestAborted.IsCancellationRequested)
        {
            Fault fault = (e as FaultException)?.Fault ?? new Fault(FaultCode.Internal, e.Message);
            if (fault.Code is FaultCode.Internal)
            {
                LogBroken(e, http.TraceIdentifier);
            }

            var error = new WireExecError(ScaleBoxFaults.Of(fault.Code).Code, ScaleBoxFaults.Words(http, fault));
            await events.WriteAsync("error", error, ScaleBoxJson.Of<WireExecError>());
        }

        return Results.Empty;
    }

    private async Task RelayAsync(ExecutionStream run, Cursor cursor, EventStream events, CancellationToken cancellation)
    {
        await using IAsyncEnumerator<ProcessEvent> source = run.Events.GetAsyncEnumerator(cancellation);
        while (await NextAsync(source, events))
        {
            if (cursor.Advance(source.Current) is { } fresh)
            {
                await WriteAsync(events, fresh, cursor.EventId);
            }

            if (source.Current is ProcessEvent.Exited)
            {
                return;
            }
        }

        throw new Fault(FaultCode.AgentUnavailable, "the output ended before the command did").AsException();
    }

    /// <summary>Waits for the next event of the run, saying every now and then that the stream still lives.</summary>
    private async Task<bool> NextAsync(IAsyncEnumerator<ProcessEvent> source, EventStream events)
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
                    await events.WriteAsync(
                        "keepalive", new WireExecKeepalive(time.GetUtcNow().UtcDateTime), ScaleBoxJson.Of<WireExecKeepalive>());
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

    private static Task WriteAsync(EventStream events, ProcessEvent happened, string id) => happened switch
    {
        ProcessEvent.Output output => events.WriteAsync(
            output.Stream is OutputStream.StandardOutput ? "stdout" : "stderr",
            new WireExecOutput(output.Data), ScaleBoxJson.Of<WireExecOutput>(), id),
        ProcessEvent.Dropped gone => events.WriteAsync(
            "dropped", new WireExecDropped(gone.From, gone.To, gone.To - gone.From), ScaleBoxJson.Of<WireExecDropped>(), id),
        ProcessEvent.Exited ended => events.WriteAsync(
            "end", new WireExecEnd(ended.Exit.Code, ended.Exit.Signal), ScaleBoxJson.Of<WireExecEnd>()),
        _ => throw new ArgumentOutOfRangeException(nameof(happened), happened, "not a member of the closed hierarchy"),
    };

    [LoggerMessage(Level = LogLevel.Error, Message = "The output stream of request {RequestId} broke")]
    private partial void LogBroken(Exception e, string requestId);

    /// <summary>How far a client has got in one run; cuts off what it has seen already.</summary>
    internal sealed class Cursor
    {
        private readonly long _run;
        private long _next;

        private Cursor(long run, long next) => (_run, _next) = (run, next);

        public string EventId => string.Create(CultureInfo.InvariantCulture, $"{_run}-{_next}");

        public static Cursor Of(Execution run, string? lastEventId)
        {
            long started = run.StartedAt.ToUnixTimeMilliseconds();
            string[] parts = lastEventId?.Split('-') ?? [];
            bool same = parts.Length == 2
                && long.TryParse(parts[0], NumberStyles.None, CultureInfo.InvariantCulture, out long of) && of == started;
            return new Cursor(
                started,
                same && long.TryParse(parts[1], NumberStyles.None, CultureInfo.InvariantCulture, out long next) ? next : 0);
        }

        /// <summary>The part of an event that is new to the client; null when none of it is.</summary>
        public ProcessEvent? Advance(ProcessEvent happened)
        {
            long from = _next;
            switch (happened)
            {
                case ProcessEvent.Output output:
                    long end = output.Sequence + output.Data.Length;
                    _next = Math.Max(from, end);
                    int seen = (int)Math.Clamp(from - output.Sequence, 0, output.Data.Length);
                    return end <= from ? null : output with { Sequence = output.Sequence + seen, Data = output.Data[seen..] };
                case ProcessEvent.Dropped gone:
                    _next = Math.Max(from, gone.To);
                    return gone.To <= from ? null : gone with { From = Math.Max(gone.From, from) };
                default:
                    return happened;
            }
        }
    }
}
