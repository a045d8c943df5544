using Atoll.Api.Edge;
using Atoll.Api.Http;
using Atoll.Domain;
using Microsoft.AspNetCore.Http;

namespace Atoll.Api.Dialects.ScaleBox;

/// <summary>
/// Errors at a sandbox's own address: those of the control plane, but 502 for a sandbox that does not run or is not
/// there, which is how clients tell (contracts/scalebox.md 3.1).
/// </summary>
internal sealed class ScaleBoxDataFaults(ScaleBoxFaults faults) : IFaultRenderer
{
    public bool Serves(HttpContext http) => http.Features.Get<SandboxTarget>() is not null;

    public static int Status(FaultCode code) => code is FaultCode.AgentUnavailable ? StatusCodes.Status502BadGateway : ScaleBoxFaults.Of(code).Status;

    public Task WriteAsync(HttpContext http, Fault fault) =>
        faults.Body(http, Status(fault.Code), ScaleBoxFaults.Of(fault.Code).Code, ScaleBoxFaults.Words(http, fault), fault.Field).ExecuteAsync(http);

    public Task WriteBareAsync(HttpContext http, int status) => faults.Body(
        http, status, status is StatusCodes.Status405MethodNotAllowed ? "method_not_allowed" : "not_found",
        "the sandbox's address answers /health, /upload, /download and remote procedure calls; programs in it have addresses of their own, by port")
        .ExecuteAsync(http);
}
