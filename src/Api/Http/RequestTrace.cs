using System.Diagnostics;
using Atoll.Domain;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;

namespace Atoll.Api.Http;

/// <summary>
/// Gives every request an id, answers it in <c>X-Request-Id</c>, and writes the access log. The log holds the path
/// and never the query, which may carry a token.
/// </summary>
internal sealed partial class RequestTrace(RequestDelegate next, TimeProvider time, ILogger<RequestTrace> log)
{
    public const string Header = "X-Request-Id";

    public async Task InvokeAsync(HttpContext http)
    {
        long started = Stopwatch.GetTimestamp();
        string? wanted = http.Request.Headers[Header];
        string id = IsSane(wanted) ? wanted! : "req-" + Ulid.New(time.GetUtcNow());
        http.TraceIdentifier = id;
        http.Response.OnStarting(
            () =>
            {
                http.Response.Headers[Header] = id;
                return Task.CompletedTask;
            });
        try
        {
            await next(http);
        }
        finally
        {
            LogRequest(
                http.Request.Method, http.Request.Path.ToUriComponent(), http.Response.StatusCode,
                Stopwatch.GetElapsedTime(started).TotalMilliseconds, id);
        }
    }

    /// <summary>What a client may choose as id: 1 to 128 characters that are harmless in a header and a log.</summary>
    internal static bool IsSane(string? id) =>
        id is { Length: > 0 and <= 128 } && id.All(c => char.IsAsciiLetterOrDigit(c) || c is '-' or '_' or '.');

    [LoggerMessage(Level = LogLevel.Information, Message = "{Method} {Path} {Status} in {Milliseconds:F1} ms, {RequestId}")]
    private partial void LogRequest(string method, string path, int status, double milliseconds, string requestId);
}
