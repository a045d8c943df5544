using Atoll.Api.Edge;
using Atoll.Api.Http;
using Atoll.Domain;
using Microsoft.AspNetCore.Http;

namespace Atoll.Api.Dialects.E2b;

/// <summary>Says every fault in the dialect's words: a status, which clients read out of the body, and a message.</summary>
internal sealed class E2bFaults : IFaultRenderer
{
    private const string RetryAfterSeconds = "10";

    /// <summary>The status of each kind of failure (contracts/e2b.md 1.1, 1.2).</summary>
    public static int Of(FaultCode code) => code switch
    {
        FaultCode.InvalidArgument => 400,
        FaultCode.Unauthenticated => 401,
        FaultCode.Forbidden => 403,
        FaultCode.NotFound => 404,
        FaultCode.AlreadyExists => 409,
        FaultCode.WrongState => 409,
        FaultCode.Busy => 409,
        FaultCode.KeyReused => 422,
        FaultCode.RequestInProgress => 409,
        FaultCode.TooLarge => 413,
        FaultCode.QuotaExceeded => 429,
        FaultCode.RateLimited => 429,
        FaultCode.InvalidRegion => 400,
        FaultCode.LocalityUnsatisfied => 409,
        FaultCode.NoCapacity => 503,
        FaultCode.AgentUnavailable => 503,
        FaultCode.NothingListens => 502,
        FaultCode.NotADirectory => 400,
        FaultCode.IsADirectory => 400,
        FaultCode.NoSpace => 507,
        FaultCode.NotCapturable or FaultCode.IncompatibleImage => 500,
        FaultCode.Timeout => 504,
        FaultCode.NotImplemented => 501,
        FaultCode.Internal => 500,
        _ => throw new ArgumentOutOfRangeException(nameof(code), code, "has no status in this dialect"),
    };

    public bool Serves(HttpContext http) => http.Features.Get<SandboxTarget>() is null && E2bDialect.Owns(http.Request.Path);

    public Task WriteAsync(HttpContext http, Fault fault)
    {
        // Clients repeat by themselves what is answered so. A quota is none of it: only its user can make room.
        if (fault.Code is FaultCode.NoCapacity or FaultCode.RateLimited)
        {
            http.Response.Headers.RetryAfter = RetryAfterSeconds;
        }
        else if (fault.Code is FaultCode.RequestInProgress)
        {
            http.Response.Headers.RetryAfter = Idempotency.RetryAfterSeconds;
        }

        return Body(Of(fault.Code), Words(http, fault)).ExecuteAsync(http);
    }

    public Task WriteBareAsync(HttpContext http, int status) =>
        Body(status, status is StatusCodes.Status405MethodNotAllowed ? "this method is not allowed here" : "no such route").ExecuteAsync(http);

    /// <summary>What a client may read of a fault: nothing of the host's insides, and fields as this dialect spells them.</summary>
    internal static string Words(HttpContext http, Fault fault) => fault switch
    {
        { Code: FaultCode.Internal } => $"internal error; the server's log has the details under request id {http.TraceIdentifier}",
        { Field: { } field } when E2bRequests.FieldOf(field) is { } own => fault.Message.Replace(field, own, StringComparison.Ordinal),
        _ => fault.Message,
    };

    private static IResult Body(int status, string message) =>
        Results.Json(new E2bError(status, message), E2bJson.Of<E2bError>(), statusCode: status);
}
