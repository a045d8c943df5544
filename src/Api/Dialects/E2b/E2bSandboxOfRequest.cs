using Atoll.Api.Tenancy;
using Atoll.Domain;
using Atoll.Domain.Sandboxes;
using Microsoft.AspNetCore.Http;

namespace Atoll.Api.Dialects.E2b;

/// <summary>Finds the sandbox that a control-plane route names.</summary>
internal static class E2bSandboxOfRequest
{
    /// <exception cref="FaultException"><see cref="FaultCode.NotFound"/>, also for one that ends or has ended: this dialect's clients take it for gone.</exception>
    public static async Task<Sandbox> FindAsync(this ISandboxes sandboxes, HttpContext http, CancellationToken cancellation)
    {
        string text = http.Request.RouteValues[E2bMapping.IdParameter] as string ?? "";
        SandboxId id = E2bMapping.ParseId(text) ?? throw Fault.NotFound("sandbox", text).AsException();
        Sandbox sandbox = await sandboxes.GetAsync(http.Caller(), id, cancellation);
        return sandbox.DeleteRequested || E2bMapping.State(sandbox.State) is null
            ? throw Fault.NotFound("sandbox", id.Value).AsException()
            : sandbox;
    }
}
