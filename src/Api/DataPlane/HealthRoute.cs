using Atoll.Api.Dialects.E2b;
using Atoll.Api.Dialects.ScaleBox;
using Atoll.Api.Edge;
using Atoll.Domain;
using Atoll.Domain.Sandboxes;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;

namespace Atoll.Api.DataPlane;

/// <summary>
/// <c>GET /health</c> of a sandbox, the one path that dialects share: 200 <c>OK</c> in ScaleBox's, 204 in E2B's; 502
/// in both when the sandbox does not run. Open to all, as the contracts have it; so it is a question only: it wakes no sandbox
/// that is paused, and is no use of one that runs.
/// </summary>
internal sealed class HealthRoute(ISandboxAgents agents, ScaleBoxDataFaults scaleBox, E2bDataFaults e2b) : IDataPlaneRoutes
{
    public void Map(IEndpointRouteBuilder routes) => routes
        .MapMethods("/health", [HttpMethods.Get, HttpMethods.Head], AnswerAsync).WithMetadata(new OpenDataPlaneRoute());

    private async Task AnswerAsync(HttpContext http)
    {
        bool isE2b = e2b.Serves(http);
        try
        {
            await CheckAsync(http.SandboxId(), http.RequestAborted);
        }
        catch (FaultException e)
        {
            await (isE2b ? e2b.WriteAsync(http, e.Fault) : scaleBox.WriteAsync(http, e.Fault));
            return;
        }

        await (isE2b ? Results.NoContent() : Results.Text("OK")).ExecuteAsync(http);
    }

    /// <exception cref="FaultException"><see cref="FaultCode.AgentUnavailable"/> when it does not run.</exception>
    private async ValueTask CheckAsync(SandboxId id, CancellationToken cancellation)
    {
        try
        {
            Sandbox sandbox = await agents.FindAsync(id, cancellation) ?? throw Fault.NotFound("sandbox", id.Value).AsException();
            if (sandbox.State is not (SandboxState.Running or SandboxState.Forking))
            {
                throw new Fault(FaultCode.WrongState, $"sandbox '{id}' does not run: it is {sandbox.State.ToString().ToLowerInvariant()}").AsException();
            }

            await agents.AgentAsync(id, cancellation);
        }
        catch (FaultException e) when (e.Fault.Code is FaultCode.NotFound or FaultCode.WrongState)
        {
            throw new FaultException(e.Fault with { Code = FaultCode.AgentUnavailable }, e);
        }
    }
}
