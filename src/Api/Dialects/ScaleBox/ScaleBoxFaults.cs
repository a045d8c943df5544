using Atoll.Api.Http;
using Atoll.Domain;
using Atoll.Domain.Sandboxes;
using Microsoft.AspNetCore.Http;

namespace Atoll.Api.Dialects.ScaleBox;

/// <summary>Says every fault in the dialect's words: a status, a code and the body that all of its clients can read.</summary>
internal sealed class ScaleBoxFaults(TimeProvider time) : IFaultRenderer
{
    private const string RetryAfterSeconds = "10";

    /// <summary>The status and the code word of each kind of failure (contracts/scalebox.md 1.1).</summary>
    public static (int Status, string Code) Of(FaultCode code) => code switch
    {
        FaultCode.InvalidArgument => (400, "invalid_argument"),
        FaultCode.Unauthenticated => (401, "unauthorized"),
        FaultCode.Forbidden => (403, "forbidden"),
        FaultCode.NotFound => (404, "not_found"),
        FaultCode.AlreadyExists => (409, "already_exists"),
        FaultCode.WrongState => (409, "wrong_state"),
        FaultCode.Busy => (409, "busy"),
        FaultCode.KeyReused => (422, "idempotency_key_reused"),
        FaultCode.RequestInProgress => (409, "request_in_progress"),
        FaultCode.TooLarge => (413, "too_large"),
        FaultCode.QuotaExceeded => (429, "quota_exceeded"),
        FaultCode.RateLimited => (429, "rate_limited"),
        FaultCode.InvalidRegion => (400, "invalid_region"),
        FaultCode.LocalityUnsatisfied => (409, "locality_constraint_failed"),
        FaultCode.NoCapacity => (503, "no_capacity"),
        FaultCode.AgentUnavailable => (503, "agent_unavailable"),
        FaultCode.NothingListens => (502, "nothing_listens"),
        FaultCode.NotADirectory => (400, "not_a_directory"),
        FaultCode.IsADirectory => (400, "is_a_directory"),
        FaultCode.NoSpace => (507, "no_space"),
        FaultCode.NotCapturable => (409, "not_capturable"),
        FaultCode.IncompatibleImage => (409, "incompatible_image"),
        FaultCode.Timeout => (504, "timeout"),
        FaultCode.NotImplemented => (501, "not_implemented"),
        FaultCode.Internal => (500, "internal"),
        _ => throw new ArgumentOutOfRangeException(nameof(code), code, "has no status in this dialect"),
    };

    /// <summary>The dialect of the root: it takes what no other does.</summary>
    public bool Serves(HttpContext http) => true;

    public Task WriteAsync(HttpContext http, Fault fault)
    {
        (int status, string code) = Of(fault.Code);
        if (fault.Code is FaultCode.Unauthenticated)
        {
            http.Response.Headers.WWWAuthenticate = "Api-Key";
        }

        if (fault.Code is FaultCode.NoCapacity or FaultCode.RateLimited)
        {
            http.Response.Headers.RetryAfter = RetryAfterSeconds;
        }
        else if (fault.Code is FaultCode.RequestInProgress)
        {
            http.Response.Headers.RetryAfter = Idempotency.RetryAfterSeconds;
        }

        return Body(http, status, code, Words(http, fault), fault.Field).ExecuteAsync(http);
    }

    public Task WriteBareAsync(HttpContext http, int status) => (status switch
    {
        StatusCodes.Status405MethodNotAllowed => Body(
            http, status, "method_not_allowed", $"{http.Request.Method} is not allowed here; Allow says what is"),
        _ => Body(http, status, "not_found", "no such route; GET /openapi.json lists those that exist"),
    }).ExecuteAsync(http);

    /// <summary>
    /// The reply to a synchronous create whose sandbox failed: an error, because one client throws on
    /// <c>status: "failed"</c>, one cannot parse it, and none looks for it in a success. The record can still be read.
    /// </summary>
    public IResult FailedCreate(HttpContext http, WireSandbox sandbox) => Body(
        http, StatusCodes.Status500InternalServerError, "sandbox_failed",
        $"sandbox '{sandbox.SandboxId}' did not start: {sandbox.Reason}",
        details: new WireErrorDetails(sandbox.SandboxId, sandbox.Status, sandbox.Reason));

    /// <summary>What a client may read of a fault: nothing of the host's insides, and ids as this dialect spells them.</summary>
    internal static string Words(HttpContext http, Fault fault)
    {
        if (fault.Code is FaultCode.Internal)
        {
            return $"internal error; the server's log has the details under request id {http.TraceIdentifier}";
        }

        string message = http.Request.RouteValues.TryGetValue(ScaleBoxMapping.IdParameter, out object? value)
            && ScaleBoxMapping.ParseId(value as string) is { } id
                ? fault.Message.Replace($"'{id.Value}'", $"'{ScaleBoxMapping.Id(id)}'", StringComparison.Ordinal)
                : fault.Message;
        return ScaleBoxSnapshots.ParseId(http.Request.RouteValues.GetValueOrDefault(ScaleBoxSnapshots.IdParameter) as string) is { } snapshot
            ? message.Replace($"'{snapshot.Value}'", $"'{ScaleBoxSnapshots.Id(snapshot)}'", StringComparison.Ordinal)
            : message;
    }

    internal IResult Body(
        HttpContext http, int status, string code, string message, string? field = null, WireErrorDetails? details = null,
        WireTimeRemaining? data = null) =>
        Results.Json(
            new WireError(false, message, message, code, time.GetUtcNow().UtcDateTime, http.TraceIdentifier, field, details, data),
            ScaleBoxJson.Of<WireError>(),
            statusCode: status);
}
