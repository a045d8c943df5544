using Atoll.Api.Edge;
using Atoll.Api.Http;
using Atoll.Domain;
using Microsoft.AspNetCore.Http;

namespace Atoll.Api.Dialects.E2b;

/// <summary>Errors at a sandbox's address as E2B's envd and its proxy word them (contracts/e2b.md 2.5, 3.3).</summary>
internal sealed class E2bDataFaults : IFaultRenderer
{
    /// <summary>The port that stands for the sandbox's data plane.</summary>
    public const int Port = 49983;

    /// <summary>As in the control plane, but 502 for a sandbox that does not run or is not there.</summary>
    public static int Status(FaultCode code) => code is FaultCode.AgentUnavailable ? StatusCodes.Status502BadGateway : E2bFaults.Of(code);

    /// <summary>Whether the request is for envd: named in E2B's header, or by envd's port.</summary>
    public bool Serves(HttpContext http) => http.Features.Get<SandboxTarget>() is { } target
        && (target.Port is Port || (target.Port is null && http.Request.Headers.ContainsKey("E2b-Sandbox-Id")));

    public Task WriteAsync(HttpContext http, Fault fault)
    {
        // An unknown user is who asks, here.
        int status = fault is { Code: FaultCode.InvalidArgument, Field: "user" } ? StatusCodes.Status401Unauthorized : Status(fault.Code);
        string message = fault.Code is FaultCode.Internal
            ? $"internal error; the server's log has the details under request id {http.TraceIdentifier}"
            : fault.Message;
        return Reply(http, status, message).ExecuteAsync(http);
    }

    public Task WriteBareAsync(HttpContext http, int status) =>
        Reply(http, status, status is StatusCodes.Status405MethodNotAllowed ? "method not allowed" : "no such route").ExecuteAsync(http);

    public static IResult Reply(HttpContext http, int status, string message) => Results.Json(
        new WireDataError(message, status, status is StatusCodes.Status502BadGateway ? http.Features.Get<SandboxTarget>()?.Id.Value : null),
        E2bDataJson.Wire.WireDataError, statusCode: status);
}
