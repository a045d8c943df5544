using System.Diagnostics;
using Atoll.Api.Edge;
using Atoll.Api.Http;
using Atoll.Domain.Tenancy;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;

namespace Atoll.Api.Tenancy;

/// <summary>
/// Has every call of the control plane that may change something remembered, however it ended, refusals included; of calls
/// without a known credential there is nobody to name, they are in the access log only. Outside of the boundary that turns
/// faults into answers, so that the status is the one that was sent.
/// </summary>
internal sealed class Auditing(RequestDelegate next, IAuditLog log, TimeProvider time)
{
    private const int LongestTarget = 200;

    public async Task InvokeAsync(HttpContext http)
    {
        long started = Stopwatch.GetTimestamp();
        DateTimeOffset at = time.GetUtcNow();
        try
        {
            await next(http);
        }
        finally
        {
            if (Changes(http) && http.Features.Get<Caller>() is { } caller)
            {
                await log.RecordAsync(Entry(http, caller, at, Stopwatch.GetElapsedTime(started)));
            }
        }
    }

    private static bool Changes(HttpContext http)
    {
        string method = http.Request.Method;
        return !HttpMethods.IsGet(method) && !HttpMethods.IsHead(method) && !HttpMethods.IsOptions(method)
            && http.Features.Get<SandboxTarget>() is null && http.GetEndpoint() is RouteEndpoint route && route.Metadata.GetMetadata<ReadingRoute>() is null;
    }

    private static AuditEntry Entry(HttpContext http, Caller caller, DateTimeOffset at, TimeSpan duration)
    {
        var route = (RouteEndpoint)http.GetEndpoint()!;
        string target = string.Join(' ', route.RoutePattern.Parameters.Where(parameter => !parameter.IsCatchAll)
            .Select(parameter => http.Request.RouteValues[parameter.Name] as string).Where(value => !string.IsNullOrEmpty(value)));
        return new AuditEntry
        {
            At = at,
            User = caller.User.Id,
            Key = caller.Key,
            Method = http.Request.Method,
            Route = "/" + route.RoutePattern.RawText?.TrimStart('/'),
            Target = target.Length > LongestTarget ? target[..LongestTarget] : target,
            Status = http.Response.StatusCode,
            Duration = duration,
            Address = http.Connection.RemoteIpAddress?.ToString() ?? "",
            RequestId = http.TraceIdentifier,
            HasIdempotencyKey = http.Request.Headers.ContainsKey(IdempotencyKey.Header),
        };
    }
}
