using Atoll.Api.Edge;
using Atoll.Api.Http;
using Atoll.Domain;
using Microsoft.AspNetCore.Http;

namespace Atoll.Api.Dialects.E2b;

/// <summary>Says faults of the code interpreter: its clients show the body, which is plain text, as the message.</summary>
internal sealed class E2bCodeFaults : IFaultRenderer
{
    public const int Port = 49999;

    public bool Serves(HttpContext http) => http.Features.Get<SandboxTarget>()?.Port == Port;

    public Task WriteAsync(HttpContext http, Fault fault) => TextAsync(http, StatusOf(fault.Code), E2bFaults.Words(http, fault));

    public Task WriteBareAsync(HttpContext http, int status) => TextAsync(http, status, status is 405 ? "this method is not allowed here" : "no such route");

    // Its clients read 502 as "the sandbox is not there".
    private static int StatusOf(FaultCode code) => code is FaultCode.WrongState ? 502 : E2bFaults.Of(code);

    private static Task TextAsync(HttpContext http, int status, string text) =>
        Results.Text(text, "text/plain", statusCode: status).ExecuteAsync(http);
}
