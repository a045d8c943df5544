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
/// in both when the sandbox does not run. Open to all, as the contracts have it.
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
            await http.AgentAsync(agents);
        }
        catch (FaultException e)
        {
            await (isE2b ? e2b.WriteAsync(http, e.Fault) : scaleBox.WriteAsync(http, e.Fault));
            return;
        }

        await (isE2b ? Results.NoContent() : Results.Text("OK")).ExecuteAsync(http);
    }
}
